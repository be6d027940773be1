"""Deciding what people disagree on. The labels stay; the decision becomes the item's reference."""

from django.db import transaction
from django.utils import timezone

from annotate.models import Adjudication
from annotate.references import refresh_preferences, refresh_references, share_references
from corpus.audit import record
from corpus.models import Item, Project, Rubric, User
from corpus.models.audit import Verb
from corpus.services import freeze_rubric


class AdjudicationRefused(Exception):
    """The decision was not kept; says why."""


@transaction.atomic
def adjudicate(item: Item, *, project: Project, by: User, grade: int | None, note: str = "") -> Adjudication:
    """Decide the item's grade (None: it cannot be judged); a decision there was is superseded.

    Raises AdjudicationRefused, and then nothing has changed.
    """
    rubric = rubric_of(item, project)
    if grade is None and not rubric.may_abstain:
        raise AdjudicationRefused("This scale has no “cannot judge”.")
    if grade is not None and grade not in rubric.values:
        raise AdjudicationRefused(f"{grade} is not a grade of this project.")
    share_references(project.pk)
    _lock_item(item, project)
    item.adjudications.current().update(superseded_at=timezone.now())
    decided = Adjudication.objects.create(
        item=item, grade=grade, cannot_judge=grade is None, note=note, by=by
    )
    freeze_rubric(rubric)
    _follow(item, project)
    record(Verb.ADJUDICATED, item, project=project, by=by, grade=grade)
    return decided


@transaction.atomic
def undo_adjudication(decided: Adjudication, *, project: Project) -> bool:
    """Take a decision back: the item's reference is again what the rule makes of its labels.

    Returns False where it had been superseded already.
    """
    share_references(project.pk)
    _lock_item(decided.item, project)
    undone = Adjudication.objects.current().filter(pk=decided.pk).update(superseded_at=timezone.now())
    if undone:
        _follow(decided.item, project)
        record(Verb.UNADJUDICATED, decided.item, project=project)
    return bool(undone)


def rubric_of(item: Item, project: Project) -> Rubric:
    """The scale that the item is decided on: the project's own, for a pair that of its rounds."""
    return project.rubric if item.rival_id is None else rubric_of_pairs(project)


def rubric_of_pairs(project: Project) -> Rubric | None:
    """The scale that preferences are decided on: of several the one with most grades, so with ties."""
    found = project.rubrics.filter(kind=Rubric.Kind.PREFERENCE).order_by("id")
    return max(found, key=lambda rubric: len(rubric.grades), default=None)


def _follow(item: Item, project: Project) -> None:
    refresh = refresh_references if item.rival_id is None else refresh_preferences
    refresh(project, [item.pk])


def _lock_item(item: Item, project: Project) -> None:
    items = Item.objects.for_project(project).select_for_update(of=("self",), no_key=True)
    if not items.filter(pk=item.pk).exists():
        raise AdjudicationRefused("This item is not there any more.")
