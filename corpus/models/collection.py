from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from corpus.models.job import Job
from corpus.models.project import Project


class Split(models.TextChoices):
    TUNE = "tune", "Tune"
    TEST = "test", "Test"


class Query(models.Model):
    """What somebody asked. A query known by id alone has an empty text."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="queries", db_index=False)
    external_id = models.CharField(max_length=500)
    text = models.TextField(blank=True)
    need = models.TextField(blank=True)
    metadata = models.JSONField(null=True)
    split = models.CharField(max_length=4, choices=Split.choices, db_default=Split.TEST, default=Split.TEST)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    text_job = models.ForeignKey(
        Job,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="The import that brought the text, when it came after the id.",
    )
    need_job = models.ForeignKey(
        Job,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="The import that brought the need, when it came after the id.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "queries"
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="query_id_per_project")
        ]
        indexes = [BrinIndex(fields=["job"], name="query_job")]

    def __str__(self) -> str:
        return self.text or self.external_id


class Candidate(models.Model):
    """What might answer a query. A candidate known by id alone has an empty text and no content hash."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="candidates", db_index=False)
    external_id = models.CharField(max_length=500)
    title = models.TextField(blank=True)
    text = models.TextField(blank=True)
    metadata = models.JSONField(null=True)
    content_hash = models.UUIDField(null=True, help_text="BLAKE2b (16 bytes) of title and text.")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    text_job = models.ForeignKey(
        Job,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="The import that brought the text, when it came after the id.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="candidate_id_per_project")
        ]
        indexes = [BrinIndex(fields=["job"], name="candidate_job")]

    def __str__(self) -> str:
        return self.title or self.external_id


class ItemQuerySet(models.QuerySet):
    def for_project(self, project: Project) -> "ItemQuerySet":
        return self.filter(query__project=project)

    def single(self) -> "ItemQuerySet":
        """Items of one candidate: what grades and references are about. Pairs are left out."""
        return self.filter(rival=None)

    def plain(self) -> "ItemQuerySet":
        """Items that are no variants: those that reports, runs and rounds over everything are about."""
        return self.filter(variant=None)

    def variants(self) -> "ItemQuerySet":
        return self.filter(variant__isnull=False)

    def asking(self, words: str) -> "ItemQuerySet":
        """Items whose query has these words in its text, or this id."""
        return self.filter(Q(query__external_id=words) | Q(query__text__icontains=words))

    def with_reference(self) -> "ItemQuerySet":
        return self.filter(reference__isnull=False)

    def without_reference(self) -> "ItemQuerySet":
        return self.filter(reference__isnull=True)

    def in_order(self) -> "ItemQuerySet":
        """Queries together, both by their external ids: the order of lists, which indexes can walk."""
        return self.order_by("query__external_id", "candidate__external_id")

    def after(self, item: "Item") -> "ItemQuerySet":
        """What comes after this item `in_order`; the first condition is the one an index can use."""
        query, candidate = item.query.external_id, item.candidate.external_id
        return self.filter(query__external_id__gte=query).filter(
            Q(query__external_id__gt=query) | Q(candidate__external_id__gt=candidate)
        )

    def before(self, item: "Item") -> "ItemQuerySet":
        """What comes before this item `in_order`, nearest first."""
        query, candidate = item.query.external_id, item.candidate.external_id
        return (
            self.filter(query__external_id__lte=query)
            .filter(Q(query__external_id__lt=query) | Q(candidate__external_id__lt=candidate))
            .order_by("-query__external_id", "-candidate__external_id")
        )


class Item(models.Model):
    """The unit that is graded: one query with one candidate.

    Or a pair, for preferences: one query with two candidates, the one with the lower key and its rival.
    """

    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="items", db_index=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="items", db_index=False)
    rival = models.ForeignKey(
        Candidate, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["query", "candidate", "rival"], nulls_distinct=False, name="one_item_per_candidates"
            ),
            models.CheckConstraint(
                condition=Q(rival=None) | Q(rival__gt=models.F("candidate")), name="a_pair_is_stored_once"
            ),
        ]
        indexes = [
            BrinIndex(fields=["job"], name="item_job"),
            models.Index(fields=["rival"], name="item_rival", condition=~Q(rival=None)),
        ]

    def __str__(self) -> str:
        return f"{self.query_id} × {self.candidate_id}" + (f" or {self.rival_id}" if self.rival_id else "")

    @property
    def named(self) -> str:
        """The candidate's id, of a pair both."""
        own = self.candidate.external_id
        return f"{own} or {self.rival.external_id}" if self.rival else own
