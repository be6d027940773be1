"""Saving and undoing labels. Both lock as annotate.services.queue says."""

from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from annotate.models import Hold, Label, Participation, Round, Slot
from annotate.references import refresh_references, share_references
from annotate.services.queue import (
    LEASE,
    AnswerRefused,
    lock_participation,
    lock_slot,
    refuse_without_room,
)


@transaction.atomic
def save_label(
    slot: Slot,
    *,
    by: Participation,
    grade: int | None,
    client_key: UUID,
    rationale: str = "",
    seconds: float | None = None,
) -> Label:
    """Keep this person's grade for the slot's item (None: they cannot judge it); returns the label.

    The same `client_key` again changes nothing. Where they have a current label already, the new one
    corrects it: the old one is superseded. A submit after the lease has ended counts while there is room.
    Raises AnswerRefused, and then nothing has changed.
    """
    share_references(by.round.project_id)
    lock_participation(by)
    slot = lock_slot(slot)
    repeated = Label.objects.filter(rater=by.rater, client_key=client_key).first()
    if repeated:
        return repeated
    _check(slot.round, grade)
    corrected = slot.labels_of(by.rater).update(superseded_at=timezone.now())
    if not corrected:
        refuse_without_room(slot, rater=by.rater)
        _change_counts(slot, by, n_labels=1)
    label = Label.objects.create(
        item=slot.item,
        rater=by.rater,
        round=slot.round,
        grade=grade,
        cannot_judge=grade is None,
        rationale=rationale,
        seconds=seconds,
        client_key=client_key,
        created_at=timezone.now(),
    )
    slot.holds.filter(rater=by.rater).delete()
    refresh_references(slot.round.project, [slot.item_id])
    return label


@transaction.atomic
def undo_last_decision(by: Participation, *, slot: Slot | None = None) -> Slot | None:
    """Take back this person's newest label or skip in the round (or the one on `slot`, when given).

    The label is superseded, its place is free again and leased to them, and the item is their next one.
    Returns the slot, or None when there was nothing to undo. Raises AnswerRefused.
    """
    share_references(by.round.project_id)
    lock_participation(by)
    slot = slot or _last_decided(by)
    if slot is None:
        return None
    slot = lock_slot(slot)
    if not slot.round.is_open:
        raise AnswerRefused(f"The round “{slot.round}” is not open; nothing was undone.")
    if slot.labels_of(by.rater).update(superseded_at=timezone.now()):
        _change_counts(slot, by, n_labels=-1)
        refresh_references(slot.round.project, [slot.item_id])
    elif slot.holds.filter(rater=by.rater, kind=Hold.Kind.SKIP).exists():
        refuse_without_room(slot, rater=by.rater)
    else:
        return None
    now = timezone.now()
    Hold.objects.update_or_create(
        slot=slot,
        rater=by.rater,
        defaults={"kind": Hold.Kind.LEASE, "until": now + LEASE, "reopened_at": now},
    )
    return slot


def _check(round: Round, grade: int | None) -> None:
    if not round.is_open:
        raise AnswerRefused(
            f"The round “{round}” is {round.get_state_display().lower()}. Your answer was not counted."
        )
    if grade is None and not round.rubric.may_abstain:
        raise AnswerRefused("This round wants a grade for every item; skip what you cannot judge.")
    if grade is not None and grade not in round.rubric.values:
        raise AnswerRefused(f"{grade} is not a grade of this round.")


def _last_decided(by: Participation) -> Slot | None:
    label = by.labels().order_by("-id").first()
    skip = by.skips().select_related("slot").order_by("-created_at", "-id").first()
    if skip and (label is None or skip.created_at > label.created_at):
        return skip.slot
    return label and Slot.objects.get(round=by.round_id, item=label.item_id)


def _change_counts(slot: Slot, by: Participation, *, n_labels: int) -> None:
    """Move the slot's and the person's counts by one label, either way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotate_slot SET places_left = places_left - %s WHERE id = %s", [n_labels, slot.pk]
        )
        cursor.execute(
            "UPDATE annotate_participation SET n_labels = n_labels + %s, last_label_at = now() WHERE id = %s",
            [n_labels, by.pk],
        )
