from django.core.exceptions import ValidationError
from django.db import models

from corpus.models.project import Project

MOST_GRADES = 11
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


def default_grades() -> list[dict]:
    return [dict(grade) for grade in DEFAULT_GRADES]


class Rubric(models.Model):
    """The scale: ordered grades, a cut for "relevant", whether "cannot judge" is allowed.

    Frozen once labels, judges or rounds use it: `frozen_at` is set and `save` refuses changes of the scale.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rubrics")
    name = models.CharField(max_length=100, default="Relevance")
    grades = models.JSONField(default=default_grades)
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
            scale = ("grades", "cut", "may_abstain")
            if stored.frozen_at and any(getattr(stored, name) != getattr(self, name) for name in scale):
                raise ValidationError(
                    f"The rubric “{self.name}” is in use and frozen; make a new one to change the scale."
                )
        super().save(*args, **kwargs)

    def clean(self) -> None:
        values = self.values
        if len(values) < 2 or len(values) > MOST_GRADES or values != sorted(set(values)):
            raise ValidationError(
                "A rubric has two to eleven grades with distinct values in ascending order."
            )
        if any(not 0 <= value <= 99 for value in values):
            raise ValidationError("Grade values lie between 0 and 99.")
        if not values[0] < self.cut <= values[-1]:
            raise ValidationError("The cut is one of the grades above the lowest.")

    @property
    def values(self) -> list[int]:
        """The grade values in ascending order."""
        return [grade["value"] for grade in self.grades]
