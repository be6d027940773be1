from django.db import models

from corpus.models import Project


class Condition(models.Model):
    """A named change of what the judge is shown. The plain condition is the absence of one (null).

    Its content is frozen with it; a change makes a new version. One that came with imported verdicts is
    known by its name alone and has no content.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="conditions")
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1, db_default=1)
    cell = models.CharField(
        max_length=30,
        blank=True,
        default="",
        db_default="",
        help_text="Place in an experiment: N0, N1, B0, B1, T0, T1, a rung, an arm or a defence.",
    )
    content = models.JSONField(default=dict, help_text="Texts and switches, as judges.conditions reads them.")
    content_hash = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "version"], name="condition_version_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Wording(models.Model):
    """A text that conditions are made of, in a project's own words. Immutable; a change makes a new version.

    The shipped wordings are files; a project's row of the same name stands in for the file.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="wordings")
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    text = models.TextField()
    content_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "version"], name="wording_version_per_project")
        ]

    def __str__(self) -> str:
        return self.name
