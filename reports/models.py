from collections.abc import Collection, Mapping

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from corpus.models import Project
from reports.nulls import nulled


class CachedFiguresQuerySet(models.QuerySet):
    def known(self, project: Project, keys: Collection[str]) -> dict[str, dict]:
        """The figures that are stored under these keys, by key."""
        return dict(self.filter(project=project, key__in=keys).values_list("key", "figures"))

    def remember(self, project: Project, figures: Mapping[str, dict]) -> None:
        """Store figures by key, undefined numbers as null, and forget those of earlier reference versions."""
        if not figures:
            return
        self.filter(project=project, reference_version__lt=project.reference_version).delete()
        self.bulk_create(
            [
                CachedFigures(
                    project=project, key=key, reference_version=project.reference_version, figures=nulled(of)
                )
                for key, of in figures.items()
            ],
            ignore_conflicts=True,
        )


SHARE = [MinValueValidator(0), MaxValueValidator(1)]


class UseFloors(models.Model):
    """What a judge has to reach for each use in this project: the whole interval must lie above."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+", primary_key=True)
    graded = models.FloatField("Graded qrels: κ, quadratic weights", default=0.6, validators=SHARE)
    binary = models.FloatField("Filtering by relevance: κ at the cut", default=0.6, validators=SHARE)
    ranking = models.FloatField("Ranking systems: Kendall's τ", default=0.9, validators=SHARE)
    negatives = models.FloatField(
        "Hard negatives: share of what it calls not relevant that is not", default=0.95, validators=SHARE
    )

    def __str__(self) -> str:
        return f"Floors of {self.project}"

    @classmethod
    def of(cls, project: Project) -> "UseFloors":
        """The project's own, or the usual ones (not saved)."""
        return cls.objects.filter(project=project).first() or cls(project=project)


class CachedFigures(models.Model):
    """Figures that took long to make. The key holds all they depend on, so that they are never stale."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    reference_version = models.BigIntegerField()
    figures = models.JSONField()
    made_at = models.DateTimeField(auto_now_add=True)

    objects = CachedFiguresQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="figures_once_per_key")]
