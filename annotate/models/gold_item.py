from django.db import models

from annotate.models.round import Round
from corpus.models import Item


class GoldItem(models.Model):
    """An item whose grade is known: mixed among what people get, it tells how they grade."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="gold_items", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    grade = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "item"], name="gold_item_once_per_round"),
        ]
