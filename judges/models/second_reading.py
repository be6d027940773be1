from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from corpus.models import Item
from judges.models.engine import Engine
from judges.models.run import Run


class SecondReading(models.Model):
    """What another engine finds that a judge's written reply states; beside the verdict, never instead of it.

    A reply without a row has not been read, or the engine's answer about it could not be used.
    """

    class Outcome(models.TextChoices):
        GRADED = "graded", "States one grade"
        ABSTAINED = "abstained", "Declines to judge"
        UNREADABLE = "unreadable", "Does neither"

    pk = models.CompositePrimaryKey("run_id", "item_id", "engine_id")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="second_readings", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    engine = models.ForeignKey(Engine, on_delete=models.RESTRICT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    grade = models.SmallIntegerField(null=True)
    raw = models.TextField(db_default="", default="", blank=True, help_text="What the engine answered.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="graded", grade__isnull=False)
                | Q(outcome__in=["abstained", "unreadable"], grade=None),
                name="second_reading_ties_outcome_and_grade",
            )
        ]
