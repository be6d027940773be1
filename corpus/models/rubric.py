from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import models

from corpus.models.project import Project

MOST_GRADES = 11
MOST_CRITERIA = 12
DEFAULT_GRADES = [
    {"value": 0, "name": "Irrelevant", "meaning": "The candidate has nothing to do with the query."},
    {
        "value": 1,
        "name": "Related",
        "meaning": "The candidate is on the subject of the query but does not answer it.",
    },
    {
        "value": 2,
        "name": "Highly relevant",
        "meaning": "The candidate answers the query in part, or the answer is unclear or hidden in"
        " other matter.",
    },
    {
        "value": 3,
        "name": "Perfectly relevant",
        "meaning": "The candidate is dedicated to the query and contains the answer.",
    },
]
RIVAL_BETTER, TIE, FIRST_BETTER = 0, 1, 2  # the grades of a preference, seen from the item's first candidate


def default_grades() -> list[dict]:
    return [dict(grade) for grade in DEFAULT_GRADES]


class Scale(NamedTuple):
    """One scale of a rubric: what is graded, and its grades in ascending order."""

    name: str
    meaning: str
    grades: list[dict]  # value, name, meaning

    @property
    def values(self) -> list[int]:
        return [grade["value"] for grade in self.grades]

    def sign(self, grade: int) -> str:
        """What stands on a grade's chip."""
        return str(grade)


class Rubric(models.Model):
    """The scale: ordered grades, a cut for "relevant", whether "cannot judge" is allowed.

    A rubric of criteria has further scales beside the first; reference, judges and reports go by the first.
    A preference compares two candidates of one query: the grades say which is better, or neither.
    Frozen once labels, judges or rounds use it: `frozen_at` is set and `save` refuses changes of the scale.
    """

    class Kind(models.TextChoices):
        GRADED = "graded", "One scale of grades"
        CRITERIA = "criteria", "Several criteria, each with its own scale"
        PREFERENCE = "preference", "Preference between two candidates"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rubrics")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.GRADED)
    name = models.CharField(max_length=100, default="Relevance")
    grades = models.JSONField(default=default_grades)
    criteria = models.JSONField(default=list, blank=True, help_text="Further scales: name, meaning, grades.")
    cut = models.SmallIntegerField(default=2)
    may_abstain = models.BooleanField("“cannot judge” is allowed", default=True)
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="rubric_name_per_project")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        if self.pk and self.frozen_at:
            stored = Rubric.objects.get(pk=self.pk)
            scale = ("kind", "grades", "criteria", "cut", "may_abstain")
            if stored.frozen_at and any(getattr(stored, name) != getattr(self, name) for name in scale):
                raise ValidationError(
                    f"The rubric “{self.name}” is in use and frozen; make a new one to change the scale."
                )
        super().save(*args, **kwargs)

    def clean(self) -> None:
        for scale in self.scales:
            _check_scale(scale)
        if not self.values[0] < self.cut <= self.values[-1]:
            raise ValidationError("The cut is one of the grades above the lowest.")
        if self.kind == self.Kind.PREFERENCE and self.values not in (
            [RIVAL_BETTER, FIRST_BETTER],
            [RIVAL_BETTER, TIE, FIRST_BETTER],
        ):
            raise ValidationError("A preference has the grades 0 and 2, and 1 where ties are allowed.")
        if bool(self.criteria) != (self.kind == self.Kind.CRITERIA):
            raise ValidationError("A rubric of several criteria has at least one beside the first.")
        names = [scale.name for scale in self.scales]
        if len(names) > MOST_CRITERIA or len(set(names)) < len(names):
            raise ValidationError(f"Criteria have different names, and there are at most {MOST_CRITERIA}.")

    @property
    def values(self) -> list[int]:
        """The grade values in ascending order, of the first scale."""
        return [grade["value"] for grade in self.grades]

    @property
    def scales(self) -> list[Scale]:
        """All scales, the first in front."""
        return [Scale(self.name, "", self.grades), *(Scale(**criterion) for criterion in self.criteria)]

    def sign(self, grade: int) -> str:
        """What stands on a grade's chip: its numeral; of a preference A, B (the rival) or =."""
        return {FIRST_BETTER: "A", TIE: "=", RIVAL_BETTER: "B"}[grade] if self.compares else str(grade)

    @property
    def compares(self) -> bool:
        """Whether it grades pairs of candidates."""
        return self.kind == self.Kind.PREFERENCE

    @property
    def is_main(self) -> bool:
        """Whether it is the project's own: the one that references, judges and reports go by."""
        return self.project.rubric.pk == self.pk


def _check_scale(scale: Scale) -> None:
    values = scale.values
    if len(values) < 2 or len(values) > MOST_GRADES or values != sorted(set(values)):
        raise ValidationError(
            f"“{scale.name}” needs two to eleven grades with distinct values in ascending order."
        )
    if any(not 0 <= value <= 99 for value in values):
        raise ValidationError("Grade values lie between 0 and 99.")
