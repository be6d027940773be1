"""Saving and undoing labels. Both lock as annotate.services.queue says."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from annotate.models import Hold, Label, Participation, Round, Slot
from annotate.references import refresh_preferences, refresh_references, share_references
from annotate.services.queue import (
    LEASE,
    AnswerRefused,
    lock_participation,
    lock_slot,
    refuse_without_room,
)

STANDS = (
    "You have seen what others said of this item, or its known grade: your own answer stands as it was given."
)


@transaction.atomic
def save_label(
    slot: Slot,
    *,
    by: Participation,
    grade: int | None,
    client_key: UUID,
    marks: Sequence[int] = (),
    reason: str = "",
    rationale: str = "",
    seconds: float | None = None,
    guidelines_version: int | None = None,
) -> Label:
    """Keep this person's grade for the slot's item (None: they cannot judge it); returns the label.

    `marks` are the grades of a rubric's further criteria, all of them, in its order.
    The same `client_key` again changes nothing. Where they have a current label already, the new one
    corrects it: the old one is superseded. A submit after the lease has ended counts while there is room.
    Raises AnswerRefused, and then nothing has changed.
    """
    share_references(by.round.project_id)
    lock_participation(by)
    slot = lock_slot(slot)
    before = Label.objects.filter(rater=by.rater).filter(
        Q(client_key=client_key) | Q(item=slot.item_id, round=slot.round_id, superseded_at=None)
    )
    known = {label.client_key == client_key: label for label in before}
    if True in known:
        return known[True]
    _check(slot.round, grade, marks)
    if not _supersede(known.get(False)):
        refuse_without_room(slot, rater=by.rater)
        _change_counts(slot, by, n_labels=1)
    is_shown_gold = slot.gold_grade is not None and slot.round.gold_feedback
    label = Label.objects.create(
        item=slot.item,
        rater=by.rater,
        round=slot.round,
        grade=grade,
        marks=list(marks) if marks and grade is not None else None,
        rival_first=slot.stands_rival_first(by.seed) if slot.round.rubric.compares else None,
        cannot_judge=grade is None,
        reason=reason if grade is None else "",
        rationale=rationale,
        drawn_with=slot.chance,
        gold_grade=slot.gold_grade,
        guidelines_version=guidelines_version,
        revealed_at=timezone.now() if is_shown_gold else None,
        seconds=seconds,
        client_key=client_key,
        created_at=timezone.now(),
    )
    slot.holds.filter(rater=by.rater).delete()
    _follow(slot)
    return label


@transaction.atomic
def undo_last_decision(by: Participation, *, slot: Slot | None = None) -> Slot | None:
    """Take back this person's newest label, skip or "later" in the round (or the one on `slot`, when given).

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
    if _supersede(slot.labels_of(by.rater).first()):
        _change_counts(slot, by, n_labels=-1)
        _follow(slot)
    elif slot.holds.decisions().filter(rater=by.rater).exists():
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


@transaction.atomic
def reveal_others(label: Label, *, by: Participation) -> list[Label]:
    """What other people said of an item this person has graded, where the round is not blind.

    From now on their own answer stands: it was given before they knew these. Raises AnswerRefused.
    """
    lock_participation(by)
    if by.round.blind:
        raise AnswerRefused("In this round nobody sees what others said.")
    if not by.labels().filter(pk=label.pk, revealed_at=None).update(revealed_at=timezone.now()):
        label = by.labels().filter(pk=label.pk).first()
        if label is None:
            raise AnswerRefused("This answer has been undone or corrected in the meantime.")
    return others_labels(label)


def others_labels(label: Label) -> list[Label]:
    """The current labels of other people for the same item in the same round, without their names."""
    labels = Label.objects.current().filter(round=label.round_id, item=label.item_id)
    return list(labels.exclude(rater=label.rater_id).order_by("grade", "id"))


def _follow(slot: Slot) -> None:
    """Make the item's reference follow its labels; answers to gold items have no say in it."""
    if slot.gold_grade is not None:
        return
    refresh = refresh_preferences if slot.round.rubric.compares else refresh_references
    refresh(slot.round.project, [slot.item_id])


def _check(round: Round, grade: int | None, marks: Sequence[int]) -> None:
    if not round.is_open:
        raise AnswerRefused(
            f"The round “{round}” is {round.get_state_display().lower()}. Your answer was not counted."
        )
    if grade is None and not round.rubric.may_abstain:
        raise AnswerRefused("This round wants a grade for every item; skip what you cannot judge.")
    if grade is not None and grade not in round.rubric.values:
        raise AnswerRefused(f"{grade} is not a grade of this round.")
    criteria = round.rubric.scales[1:] if grade is not None else []
    if len(marks) != len(criteria):
        raise AnswerRefused(f"This round wants a grade for each of {len(criteria) + 1} criteria.")
    for scale, mark in zip(criteria, marks, strict=True):
        if mark not in scale.values:
            raise AnswerRefused(f"{mark} is not a grade of “{scale.name}”.")


def _supersede(current: Label | None) -> int:
    """Supersede the person's current label of a slot; returns how many there were (0 or 1)."""
    if current is None:
        return 0
    if current.revealed_at:
        raise AnswerRefused(STANDS)
    return Label.objects.filter(pk=current.pk).update(superseded_at=timezone.now())


def _last_decided(by: Participation) -> Slot | None:
    label = by.labels().order_by("-id").first()
    hold = by.holds().decisions().select_related("slot").order_by("-created_at", "-id").first()
    if hold and (label is None or hold.created_at > label.created_at):
        return hold.slot
    return label and Slot.objects.get(round=by.round_id, item=label.item_id)


def _change_counts(slot: Slot, by: Participation, *, n_labels: int) -> None:
    """Move the slot's and the person's counts by one label, either way."""
    column = "n_labels" if slot.gold_grade is None else "n_gold"
    person = (
        f"UPDATE annotate_participation SET {column} = {column} + %(n)s, last_label_at = now()"
        " WHERE id = %(me)s"
    )
    keys = {"n": n_labels, "me": by.pk, "slot": slot.pk}
    with connection.cursor() as cursor:
        if slot.gold_grade is None and not slot.fate:
            cursor.execute(
                "WITH place AS (UPDATE annotate_slot SET places_left = places_left - %(n)s"
                f" WHERE id = %(slot)s) {person}",
                keys,
            )
            return
        if slot.fate:  # its place is nobody's: managers took the item out of the queue
            cursor.execute(
                "UPDATE annotate_slot SET n_given_up = n_given_up - %s WHERE id = %s", [n_labels, slot.pk]
            )
            cursor.execute(
                "UPDATE annotate_round SET n_given_up = n_given_up - %s WHERE id = %s",
                [n_labels, slot.round_id],
            )
        cursor.execute(person, keys)
