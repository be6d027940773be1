from django.conf import settings
from django.db import models
from django.urls import reverse

from annotate.models.rater import Rater
from corpus.models import Item, ItemSet, Project, Rubric


class Round(models.Model):
    """A labelling campaign: item set, rubric, overlap, people."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAUSED = "paused", "Paused"
        CLOSED = "closed", "Closed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    name = models.CharField(max_length=200)
    item_set = models.ForeignKey(ItemSet, on_delete=models.RESTRICT, related_name="rounds")
    rubric = models.ForeignKey(Rubric, on_delete=models.RESTRICT, related_name="rounds")
    overlap = models.PositiveSmallIntegerField(default=1, help_text="How many people grade each item.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="round_name_per_project"),
            models.CheckConstraint(condition=models.Q(overlap__gte=1), name="round_overlap_at_least_one"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("annotate:round-detail", args=[self.project.slug, self.pk])


class Slot(models.Model):
    """One item of an open round: how many places are left, and who holds it until when."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="slots", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    position = models.BigIntegerField()
    places_left = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "item"], name="one_slot_per_item"),
            models.CheckConstraint(condition=models.Q(places_left__gte=0), name="slot_places_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["round", "position"], name="slot_with_places", condition=models.Q(places_left__gt=0)
            )
        ]


class Hold(models.Model):
    """One rater's claim on a slot: a lease while it is open, or a skip, which has no end."""

    class Kind(models.TextChoices):
        LEASE = "lease", "Lease"
        SKIP = "skip", "Skipped"

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="holds", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "rater"], name="one_hold_per_slot_and_rater")]
