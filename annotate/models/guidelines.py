from django.db import models, transaction
from django.db.models import Max

from corpus.models import Project


class GuidelinesQuerySet(models.QuerySet):
    def current(self, project: Project) -> "Guidelines | None":
        """The project's guidelines as they are now; a changed text becomes the next version here.

        None while the project has had none at all.
        """
        newest = self.filter(project=project).order_by("-version").first()
        if newest.text == project.guidelines if newest else not project.guidelines.strip():
            return newest
        return self._next_version(project)

    @transaction.atomic
    def _next_version(self, project: Project) -> "Guidelines":
        Project.objects.select_for_update(no_key=True).only("pk").get(pk=project.pk)
        newest = self.filter(project=project).aggregate(version=Max("version"))["version"] or 0
        found = self.filter(project=project, version=newest, text=project.guidelines).first()
        return found or self.create(project=project, version=newest + 1, text=project.guidelines)


class Guidelines(models.Model):
    """One version of what people read while they label (Markdown); labels name the version."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="guidelines_versions", db_index=False
    )
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GuidelinesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="guidelines_version_per_project")
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"
