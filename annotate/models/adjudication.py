from django.conf import settings
from django.db import models
from django.db.models import Q

from corpus.models import Item, Project


class AdjudicationQuerySet(models.QuerySet):
    def current(self) -> "AdjudicationQuerySet":
        return self.filter(superseded_at=None)

    def for_project(self, project: Project) -> "AdjudicationQuerySet":
        return self.filter(item__query__project=project)


class Adjudication(models.Model):
    """What one person decided about an item after reading everybody's labels; the labels stay.

    The current one wins over the project's reference rule. Undo and a newer decision supersede, never delete.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="adjudications", db_index=False)
    grade = models.SmallIntegerField(null=True)
    cannot_judge = models.BooleanField(db_default=False, default=False)
    note = models.TextField(db_default="", blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True)

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(superseded_at=None), name="one_current_adjudication"
            ),
            models.CheckConstraint(
                condition=Q(grade__isnull=False, cannot_judge=False) | Q(grade=None, cannot_judge=True),
                name="adjudicated_grade_or_cannot_judge",
            ),
        ]
        indexes = [models.Index(fields=["item", "-id"], name="adjudication_of_item")]
