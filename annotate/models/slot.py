from hashlib import blake2b

from django.db import models
from django.db.models.functions import Now

from annotate.models.label import Label, LabelQuerySet
from annotate.models.rater import Rater
from annotate.models.round import Round
from corpus.models import Item


class Slot(models.Model):
    """One item of an open round, with the labels it still lacks: overlap minus current labels.

    A gold item has its known grade here and no places: everybody may answer it once, and it does not count
    in the overlap. An item that managers took out of the queue has none either, and keeps in `n_given_up`
    how many it had.
    """

    class Fate(models.TextChoices):
        QUEUED = "", "In the queue"
        ADJUDICATE = "adjudicate", "To be adjudicated"
        DROPPED = "dropped", "Dropped from the round"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="slots", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.BigIntegerField()
    places_left = models.SmallIntegerField()
    chance = models.FloatField(
        null=True, help_text="With which the item was drawn in its turn among those still undrawn."
    )
    gold_grade = models.SmallIntegerField(null=True)
    fate = models.CharField(max_length=10, choices=Fate.choices, default="", db_default="", blank=True)
    n_given_up = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "round"], name="one_slot_per_item"),
            models.CheckConstraint(condition=models.Q(places_left__gte=0), name="slot_places_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["round", "position"], name="slot_with_places", condition=models.Q(places_left__gt=0)
            ),
            models.Index(fields=["round"], name="slot_of_gold", condition=~models.Q(gold_grade=None)),
            models.Index(fields=["round"], name="slot_out_of_queue", condition=~models.Q(fate="")),
        ]

    def stands_rival_first(self, seed: int) -> bool:
        """Whether a person with this seed sees the rival of a pair on the left: one coin for each pair."""
        return blake2b(f"{seed} {self.item_id}".encode(), digest_size=1).digest()[0] % 2 == 1

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

    def decisions(self) -> "HoldQuerySet":
        """What undo can take back: skips and items put off."""
        return self.filter(kind__in=[Hold.Kind.SKIP, Hold.Kind.LATER])


class Hold(models.Model):
    """One rater's claim on a slot: a lease while it lasts; a skip or "later", which have no end.

    `page` is the labelling page that leased the item: leaving that page ends the lease, unless another
    page of the same person has taken it over.
    """

    class Kind(models.TextChoices):
        LEASE = "lease", "Lease"
        SKIP = "skip", "Skipped"
        LATER = "later", "Put off"

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="holds", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    until = models.DateTimeField(null=True)
    page = models.UUIDField(null=True)
    reopened_at = models.DateTimeField(null=True, help_text="When undo brought the item back.")
    created_at = models.DateTimeField(db_default=Now())

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "rater"], name="one_hold_per_slot_and_rater"),
            models.CheckConstraint(
                condition=models.Q(kind="lease", until__isnull=False)
                | models.Q(kind__in=["skip", "later"], until=None),
                name="a_lease_ends_a_skip_does_not",
            ),
        ]
