from django.db import models

from corpus.models.collection import Item
from corpus.models.job import Job

CLEAN = "none"
"""The attack of an item that was made, or brought in, as the clean control of attacked ones."""


class Right(models.TextChoices):
    """What a judge has to do with the item to be right."""

    GRADE = "grade", "Give the human grade"
    ABSTAIN = "abstain", "Say that it cannot be judged"
    OPEN = "open", "Nobody has said: only how the answer moves tells something"


class Variant(models.Model):
    """Marks an item as a variant: its texts were changed to see whether a judge bends.

    An attack (carrier, attack, words), or a boundary case of a compliance experiment. Such items never enter
    plain agreement, ranking of systems, runs over all items or rounds over all items; they are reached
    through the item sets that were made with them. The grade that is right for it is the item's own reference
    where it has one, else `grade`, else the original's reference.
    """

    item = models.OneToOneField(Item, primary_key=True, on_delete=models.CASCADE, related_name="variant")
    original = models.ForeignKey(
        Item,
        null=True,
        on_delete=models.CASCADE,
        related_name="variants",
        help_text="The item it was made from, where that is in the project.",
    )
    carrier = models.CharField(
        max_length=50, help_text="What was attacked: random words, a passage of some grade; boundary."
    )
    attack = models.CharField(max_length=50, help_text="What was done to it; “none” for a clean control.")
    words = models.IntegerField(default=0, help_text="Words of the carrier, or the dose.")
    right = models.CharField(max_length=7, choices=Right.choices, default=Right.GRADE)
    grade = models.SmallIntegerField(
        null=True, help_text="The right grade by its making, where it is another than the original's."
    )
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"{self.carrier}: {self.attack}"

    @property
    def named(self) -> str:
        """ "query on random, 100"; a clean control is called that."""
        what = "clean control" if self.attack == CLEAN else self.attack
        return f"{what} on {self.carrier}" + (f", {self.words:,}" if self.words else "")
