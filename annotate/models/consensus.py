from django.db import models

from corpus.models import Item


class Consensus(models.Model):
    """What Dawid–Skene made of one item's labels when it last ran: the likeliest grade and its chance.

    Written by `annotate.consensus` for a whole project at once. Under the Dawid–Skene rule the references are
    made from it; items labelled since have none yet.
    """

    item = models.OneToOneField(Item, primary_key=True, on_delete=models.CASCADE, related_name="consensus")
    grade = models.SmallIntegerField()
    chance = models.FloatField(help_text="The posterior probability of the grade.")
