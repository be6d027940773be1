from django.db import models
from django.urls import reverse

from corpus.models import Candidate, Item, ItemSet, Job, Project, Query


class Pool(models.Model):
    """What miners found for each query: candidates that may be negatives, beside the known positives.

    Frozen when its job is done: from then on it has an item set, which judges run over.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pools")
    name = models.CharField(max_length=200)
    settings = models.JSONField(
        default=dict, help_text="Miners, depths, budget, as mining.pool_settings reads."
    )
    miners = models.JSONField(default=list, help_text="What found hits, by place: kind and name.")
    stages = models.JSONField(default=list, help_text="Parts of the job that are done and need no repeating.")
    item_set = models.ForeignKey(ItemSet, null=True, on_delete=models.RESTRICT, related_name="pools")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="pools")
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="pool_name_per_project")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("mining:pool-detail", args=[self.project.slug, self.pk])

    @property
    def miner_words(self) -> list[str]:
        """The miners' names; run files only counted where there are several."""
        files = [miner["name"] for miner in self.miners if miner["kind"] == "system"]
        if len(files) < 2:
            return [miner["name"] for miner in self.miners]
        others = [(miner["kind"], miner["name"]) for miner in self.miners if miner["kind"] != "system"]
        by_chance = [name for kind, name in others if kind == "random"]
        searched = [name for kind, name in others if kind != "random"]
        return [*searched, f"{len(files):,} run files", *by_chance]


class PoolHit(models.Model):
    """One candidate that one miner found for a query, with the miner's own rank and score."""

    pk = models.CompositePrimaryKey("pool_id", "query_id", "candidate_id", "miner")
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="hits", db_index=False)
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="+", db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+", db_index=False)
    miner = models.SmallIntegerField(help_text="Its place in the pool's miners.")
    rank = models.IntegerField()
    score = models.FloatField()


class PoolEntry(models.Model):
    """One candidate of a query in the pool, once whatever found it."""

    class Kind(models.TextChoices):
        POSITIVE = "positive", "Known positive"
        POOLED = "pooled", "Pooled"
        DUPLICATE = "duplicate", "Near-duplicate of a positive"

    pk = models.CompositePrimaryKey("pool_id", "query_id", "candidate_id")
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="entries", db_index=False)
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="+", db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(
        Item, null=True, on_delete=models.CASCADE, related_name="+", db_index=False,
        help_text="What judges and people grade; a near-duplicate needs none.",
    )  # fmt: skip
    kind = models.CharField(max_length=9, choices=Kind.choices)
    miner = models.SmallIntegerField(null=True, help_text="The one that ranks it highest, chance last.")
    rank = models.IntegerField(null=True)
    fused = models.FloatField(null=True, help_text="What the cut to the budget went by.")
    like = models.ForeignKey(
        Candidate, null=True, on_delete=models.CASCADE, related_name="+", db_index=False,
        help_text="Of a near-duplicate: the positive it is like.",
    )  # fmt: skip
    likeness = models.FloatField(null=True)
