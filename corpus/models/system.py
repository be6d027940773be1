from django.db import models

from corpus.models.collection import Candidate, Query
from corpus.models.job import Job
from corpus.models.project import Project


class System(models.Model):
    """A retrieval system known by its TREC run file."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="systems")
    name = models.CharField(max_length=200)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="system_name_per_project")]

    def __str__(self) -> str:
        return self.name


class Hit(models.Model):
    """One candidate a system returned for a query; ranked by score (ties as trec_eval breaks them)."""

    pk = models.CompositePrimaryKey("system_id", "query_id", "candidate_id")
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="hits", db_index=False)
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="hits", db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="hits", db_index=False)
    rank = models.IntegerField()
    score = models.FloatField()
