from django.db import models

from corpus.models import Project


class Condition(models.Model):
    """A named change of what the judge is shown. The plain condition is the absence of one (null)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="conditions")
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="condition_name_per_project")]

    def __str__(self) -> str:
        return self.name
