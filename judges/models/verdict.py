from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from corpus.models import Item
from judges.models.run import Run


class Outcome(models.TextChoices):
    GRADED = "graded", "Graded"
    SCORED = "scored", "Scored"
    ABSTAINED = "abstained", "Abstained"
    UNREADABLE = "unreadable", "Unreadable"
    OUT_OF_RANGE = "out_of_range", "Out of range"
    EMPTY = "empty", "Empty"
    REFUSED = "refused", "Refused"
    ERROR = "error", "Error"


FAILURES = (Outcome.EMPTY, Outcome.REFUSED, Outcome.ERROR)  # what a retry may replace


class Verdict(models.Model):
    """One judge's answer for one item in one run, with the raw text beside it.

    The composite key (run, item) makes a redelivered shard harmless and is the key by which the table
    can be partitioned (by run) when it outgrows one.
    """

    pk = models.CompositePrimaryKey("run_id", "item_id")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="verdicts", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="verdicts", db_index=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    grade = models.SmallIntegerField(null=True)
    score = models.FloatField(null=True)
    log_odds = models.FloatField(null=True)
    probs = ArrayField(
        models.FloatField(),
        null=True,
        help_text="By the scoring's labels, in their order; pairwise: see there.",
    )
    marks = ArrayField(
        models.SmallIntegerField(), null=True, help_text="Grades of the criteria behind the first, in order."
    )
    label_mass = models.FloatField(null=True)
    raw = models.TextField(db_default="", default="", blank=True)
    reason = models.TextField(db_default="", default="", blank=True, help_text="Why there is no grade.")
    tokens_in = models.IntegerField(null=True)
    tokens_out = models.IntegerField(null=True)
    tokens_cached = models.IntegerField(null=True)
    latency_ms = models.IntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="graded", grade__isnull=False)
                | Q(outcome="scored", grade=None, score__isnull=False)
                | (~Q(outcome__in=["graded", "scored"]) & Q(grade=None, score=None)),
                name="outcome_ties_grade_and_score",
            ),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="verdict_outcome_is_known"),
        ]
