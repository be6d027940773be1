from collections.abc import Collection, Mapping

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
