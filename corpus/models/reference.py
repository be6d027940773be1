from django.db import models
from django.db.models.functions import Now

from corpus.models.collection import Item, Query


class Reference(models.Model):
    """The one human grade of an item, made from its labels by the project's rule.

    Written by `annotate.references` in the transaction that changes the labels. The query is repeated
    here so that counts per query need one join.
    """

    item = models.OneToOneField(Item, primary_key=True, on_delete=models.CASCADE, related_name="reference")
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="+", db_index=False)
    grade = models.SmallIntegerField()
    n_labels = models.IntegerField(db_default=1, default=1)
    updated_at = models.DateTimeField(db_default=Now())
