from django.db import models

from corpus.models import Project


class Prompt(models.Model):
    """What a judge is asked: messages with named places. Immutable; a change makes a new version.

    A shipped prompt has no project. A prompt known by name alone (of an imported judge) has no messages.
    """

    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="prompts"
    )
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=300, blank=True)
    scoring = models.CharField(max_length=20, blank=True, help_text="The scoring it was written for.")
    messages = models.JSONField(default=list)
    reply = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "version"], nulls_distinct=False, name="prompt_version_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.name
