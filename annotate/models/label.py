from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotate.models.rater import Rater
from annotate.models.round import Round
from corpus.models import Item, Job


class LabelQuerySet(models.QuerySet):
    def current(self) -> "LabelQuerySet":
        return self.filter(superseded_at=None)

    def without_gold(self) -> "LabelQuerySet":
        """Labels that count: answers to gold items only tell how somebody grades."""
        return self.filter(gold_grade=None)


class Label(models.Model):
    """One person's grade for one item in one round, or one brought in from a file (round is null).

    Undo and correction supersede, never delete. An answer to a gold item keeps the known grade beside it,
    and has no say in the item's reference. Of a rubric of criteria `grade` is the first one's, `marks` are
    the others' in the rubric's order.
    """

    class Reason(models.TextChoices):
        QUERY = "query", "The query is unclear"
        TEXT = "text", "The text is missing, broken or cut off"
        LANGUAGE = "language", "I do not read this language"
        KNOWLEDGE = "knowledge", "It needs knowledge I do not have"
        OTHER = "other", "Another reason; the rationale says which"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="labels", db_index=False)
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="labels", db_index=False)
    round = models.ForeignKey(
        Round, null=True, on_delete=models.CASCADE, related_name="labels", db_index=False
    )
    grade = models.SmallIntegerField(null=True)
    marks = ArrayField(models.SmallIntegerField(), null=True, help_text="Grades of the further criteria.")
    rival_first = models.BooleanField(null=True, help_text="Of a pair: whether the rival stood on the left.")
    cannot_judge = models.BooleanField(db_default=False, default=False)
    reason = models.CharField(
        max_length=10,
        choices=Reason.choices,
        blank=True,
        default="",
        db_default="",
        help_text="Why they cannot judge.",
    )
    rationale = models.TextField(db_default="", blank=True, default="")
    gold_grade = models.SmallIntegerField(null=True, help_text="The known grade of a gold item.")
    guidelines_version = models.PositiveIntegerField(null=True, help_text="What they had before them.")
    revealed_at = models.DateTimeField(
        null=True,
        help_text="When they saw others' labels or the known grade; the answer stands from then on.",
    )
    drawn_with = models.FloatField(null=True, help_text="The chance with which the item was drawn.")
    seconds = models.FloatField(null=True, help_text="Time from showing the item to the grade.")
    client_key = models.UUIDField(null=True, help_text="Makes a repeated submit count once.")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    superseded_at = models.DateTimeField(null=True)

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "rater", "round"],
                condition=Q(superseded_at=None),
                nulls_distinct=False,
                name="one_current_label",
            ),
            models.UniqueConstraint(
                fields=["rater", "client_key"], condition=~Q(client_key=None), name="one_label_per_submit"
            ),
            models.CheckConstraint(
                condition=Q(grade__isnull=False, cannot_judge=False) | Q(grade=None, cannot_judge=True),
                name="grade_or_cannot_judge",
            ),
            models.CheckConstraint(
                condition=Q(marks=None) | Q(cannot_judge=False), name="marks_only_beside_a_grade"
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(cannot_judge=True), name="a_reason_only_where_no_grade_is"
            ),
        ]
        indexes = [
            models.Index(fields=["round", "rater", "-id"], name="label_of_round", condition=~Q(round=None)),
            BrinIndex(fields=["job"], name="label_job"),
        ]
