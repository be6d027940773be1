from django.db import models
from django.urls import reverse

from corpus.models import Candidate, Item, ItemSet, Query
from judges.models import Run
from mining.models.pool import Pool
from mining.rules import State

STATES = [
    (str(State.POSITIVE), "Positive"),
    (str(State.RELABELLED), "Relabelled positive"),
    (str(State.AMBIGUOUS), "Ambiguous"),
    (str(State.HARD), "Hard negative"),
    (str(State.RANDOM), "Random negative"),
    (str(State.UNJUDGED), "Unjudged"),
]


class Selection(models.Model):
    """A pool, a judge's scores, a rule and a sampling: each pooled candidate gets a state. Frozen when made.

    With the run of a second judge over what the first one flagged, that judge confirms or clears it.
    """

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="selections")
    name = models.CharField(max_length=200)
    run = models.ForeignKey(Run, on_delete=models.RESTRICT, related_name="selections")
    second_run = models.ForeignKey(Run, null=True, on_delete=models.RESTRICT, related_name="+")
    rule = models.JSONField(default=dict, help_text="As mining.rules reads it.")
    sampling = models.JSONField(default=dict, help_text="As mining.sampling reads it, the seed included.")
    counts = models.JSONField(default=dict, help_text="By state, by reason, and queries.")
    flagged_set = models.ForeignKey(
        ItemSet, null=True, on_delete=models.RESTRICT, related_name="+",
        help_text="What goes on to a second judge or to people.",
    )  # fmt: skip
    check_set = models.ForeignKey(
        ItemSet, null=True, on_delete=models.RESTRICT, related_name="+",
        help_text="A random sample of its negatives for people to check.",
    )  # fmt: skip
    created_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["pool", "name"], name="selection_name_per_pool")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("mining:selection-detail", args=[self.pool.project.slug, self.pk])


class SelectionEntry(models.Model):
    """One candidate of a query in a selection: its state and why, and whether the sampling picked it.

    Entries stand in the order in which they go out: queries by their ids, of each its positives first, then
    by falling score.
    """

    pk = models.CompositePrimaryKey("selection_id", "position")
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="entries", db_index=False)
    position = models.BigIntegerField()
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="+", db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=20, choices=STATES)
    reason = models.SmallIntegerField(help_text="As mining.rules counts them.")
    score = models.FloatField(null=True)
    picked = models.BooleanField(default=False)
