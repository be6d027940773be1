from django.db import models

from annotate.models.label import Label, LabelQuerySet
from annotate.models.rater import Rater
from annotate.models.round import Round, new_seed
from annotate.models.slot import Hold, HoldQuerySet


class Participation(models.Model):
    """One person in one round, with the count of their current labels.

    Whoever changes what this person holds or has labelled in the round locks this row first, so that
    one person's acts (two tabs, a double click) happen one after the other.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="participations", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="participations")
    n_labels = models.BigIntegerField(default=0, help_text="Current labels, without those of gold items.")
    n_gold = models.BigIntegerField(default=0, db_default=0, help_text="Current answers to gold items.")
    seed = models.BigIntegerField(default=new_seed, db_default=0, help_text="This person's random order.")
    joined_at = models.DateTimeField(auto_now_add=True)
    last_label_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["rater__name"]
        constraints = [
            models.UniqueConstraint(fields=["round", "rater"], name="one_participation_per_rater"),
            models.CheckConstraint(condition=models.Q(n_labels__gte=0), name="n_labels_not_negative"),
        ]

    def labels(self) -> LabelQuerySet:
        """This person's current labels in the round, those of gold items too."""
        return Label.objects.current().filter(round=self.round_id, rater=self.rater_id)

    def holds(self) -> HoldQuerySet:
        return Hold.objects.filter(slot__round=self.round_id, rater=self.rater_id)

    def skips(self) -> HoldQuerySet:
        """The items of the round this person skipped."""
        return self.holds().filter(kind=Hold.Kind.SKIP)

    def put_off(self) -> HoldQuerySet:
        """The items this person wants to meet again at the end."""
        return self.holds().filter(kind=Hold.Kind.LATER)
