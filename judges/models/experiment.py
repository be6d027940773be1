from django.db import models
from django.urls import reverse

from corpus.models import ItemSet, Project


class Experiment(models.Model):
    """Judges × conditions × repeats over one item set, planned as a whole and frozen before it starts.

    Its verdicts never enter plain agreement: they are read by the page of its kind.
    """

    class Kind(models.TextChoices):
        COMPLIANCE = "compliance", "Compliance"
        ROBUSTNESS = "robustness", "Robustness"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="experiments")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    item_set = models.ForeignKey(ItemSet, on_delete=models.RESTRICT, related_name="experiments")
    plan = models.JSONField(default=dict, help_text="Judges, conditions, repeats and rules, as planned.")
    created_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="experiment_name_per_project")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("judges:experiment-detail", args=[self.project.slug, self.pk])
