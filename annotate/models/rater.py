from django.conf import settings
from django.db import models

from corpus.models import Project


class Rater(models.Model):
    """A person whose grades are stored: a member of the project, or somebody named in a file."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="raters")
    name = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="raters"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="rater_name_per_project"),
            models.UniqueConstraint(fields=["project", "user"], name="one_rater_per_user_and_project"),
        ]

    def __str__(self) -> str:
        return self.name
