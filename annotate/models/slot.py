from django.db import models
from django.db.models.functions import Now

from annotate.models.label import Label, LabelQuerySet
from annotate.models.rater import Rater
from annotate.models.round import Round
from corpus.models import Item


class Slot(models.Model):
    """One item of an open round, with the labels it still lacks: overlap minus current labels."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="slots", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.BigIntegerField()
    places_left = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "round"], name="one_slot_per_item"),
            models.CheckConstraint(condition=models.Q(places_left__gte=0), name="slot_places_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["round", "position"], name="slot_with_places", condition=models.Q(places_left__gt=0)
            )
        ]

    def labels_of(self, rater: Rater) -> LabelQuerySet:
        """The person's current label of this slot, as a query of no or one row."""
        return Label.objects.current().filter(item=self.item_id, rater=rater, round=self.round_id)


class HoldQuerySet(models.QuerySet):
    def live(self) -> "HoldQuerySet":
        """Leases whose time is not over. Each of them has a place: leases never exceed places left."""
        return self.filter(kind=Hold.Kind.LEASE, until__gt=Now())

    def in_turn(self) -> "HoldQuerySet":
        """The order in which a person meets what they hold: reopened items first, the latest first."""
        return self.order_by(models.F("reopened_at").desc(nulls_last=True), "created_at", "slot__position")


class Hold(models.Model):
    """One rater's claim on a slot: a lease while it lasts, or a skip, which has no end."""

    class Kind(models.TextChoices):
        LEASE = "lease", "Lease"
        SKIP = "skip", "Skipped"

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="holds", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    until = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True, help_text="When undo brought the item back.")
    created_at = models.DateTimeField(db_default=Now())

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "rater"], name="one_hold_per_slot_and_rater"),
            models.CheckConstraint(
                condition=models.Q(kind="lease", until__isnull=False) | models.Q(kind="skip", until=None),
                name="a_lease_ends_a_skip_does_not",
            ),
        ]
