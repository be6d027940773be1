from django.db import models
from django.utils import timezone

from corpus.models.collection import Candidate, Item
from corpus.models.project import Project


class ItemSetQuerySet(models.QuerySet):
    def single(self) -> "ItemSetQuerySet":
        """Sets of items with one candidate each."""
        return self.filter(of_pairs=False)


class ItemSet(models.Model):
    """A named, frozen, ordered list of items. Rounds, runs and exports read item sets."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="item_sets")
    name = models.CharField(max_length=200)
    made_from = models.JSONField(default=dict, help_text="How the items were chosen.")
    of_pairs = models.BooleanField(default=False, db_default=False, help_text="Pairs of candidates.")
    n_items = models.BigIntegerField(default=0)
    frozen_at = models.DateTimeField(default=timezone.now)

    objects = ItemSetQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="item_set_name_per_project")]

    def __str__(self) -> str:
        return self.name


class ItemSetEntry(models.Model):
    """One item of a set; entries of one query stand together."""

    pk = models.CompositePrimaryKey("item_set_id", "position")
    item_set = models.ForeignKey(ItemSet, on_delete=models.CASCADE, related_name="entries", db_index=False)
    position = models.BigIntegerField()
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)
    priority = models.FloatField(null=True)
    beside = models.ForeignKey(
        Candidate,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="A candidate known to answer the query, shown beside the item's own while people label.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "item_set"], name="item_once_per_set")]
