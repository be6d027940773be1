from django.db import models
from pgvector.django import HalfVectorField

from corpus.models import Candidate, Project, Query
from judges.models import Engine

MOST_DIMENSIONS = 4000
"""What one page of an HNSW index holds in half precision."""


class Embedding(models.Model):
    """One embedding model over a project's texts: which engine, which model, what stands before the texts.

    Its vectors are stored once for each candidate and content, and every pool that names it uses them again.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="embeddings")
    engine = models.ForeignKey(Engine, on_delete=models.RESTRICT, related_name="embeddings")
    model = models.CharField(max_length=300, help_text="The engine's model when the first text was embedded.")
    query_prefix = models.CharField(max_length=1000, blank=True, help_text="Stands before each query.")
    candidate_prefix = models.CharField(
        max_length=1000, blank=True, help_text="Stands before each candidate."
    )
    dimensions = models.IntegerField(null=True, help_text="Known once a text has been embedded.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "engine", "model", "query_prefix", "candidate_prefix"],
                name="embedding_per_project",
            )
        ]

    def __str__(self) -> str:
        return self.model

    @property
    def index_name(self) -> str:
        """Of the HNSW index over its candidates, which has to name a number of dimensions."""
        return f"mining_hnsw_{self.pk}"


class CandidateVector(models.Model):
    """One candidate's vector; its hash tells whether the text has changed since."""

    pk = models.CompositePrimaryKey("embedding_id", "candidate_id")
    embedding = models.ForeignKey(
        Embedding, on_delete=models.CASCADE, related_name="candidate_vectors", db_index=False
    )
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="+", db_index=False)
    content_hash = models.UUIDField()
    vector = HalfVectorField()


class QueryVector(models.Model):
    """One query's vector; its hash is that of the text embedded."""

    pk = models.CompositePrimaryKey("embedding_id", "query_id")
    embedding = models.ForeignKey(
        Embedding, on_delete=models.CASCADE, related_name="query_vectors", db_index=False
    )
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="+", db_index=False)
    content_hash = models.UUIDField()
    vector = HalfVectorField()
