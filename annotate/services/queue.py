"""Who gets which item: served by the database, the current item and the next two leased ahead.

A slot has `places_left` = overlap − current labels. A live lease is a promise of one of those places, so
leases are given only while places_left exceeds other people's live leases. Every act locks in one order:
the project's references (shared), the person's participation, the slot with its item, then holds, labels
and references.

Skip (others grade it, I do not), later (I grade it at the end, if it still needs me) and "cannot judge"
(an answer, see annotate.services.labels) are three different things.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from annotate.models import Hold, Participation, Rater, Round, Slot
from annotate.services.drawing import lease_more, lease_put_off, renew, take_up_again
from corpus.models import User

LEASE = timedelta(minutes=3)  # renewed with every answer and every heartbeat of the page
N_LEASED = 3  # the current item and the next two


class AnswerRefused(Exception):
    """The answer (or the undo) was not kept; says why in a sentence for the person."""


def join_round(round: Round, *, user: User) -> Participation:
    """This user's participation in the round, made on first use together with their rater."""
    found = (
        Participation.objects.filter(round=round, rater__user=user, rater__project=round.project_id)
        .select_related("rater")
        .first()
    )
    if found is None:
        rater = Rater.objects.of_user(user, round.project)
        found, _ = Participation.objects.get_or_create(round=round, rater=rater)
    found.round = round
    return found


@transaction.atomic
def next_items(participation: Participation, *, page: UUID | None = None) -> list[Hold]:
    """What this person should grade now and next: up to three leases, renewed and filled up, in turn.

    First what they held before and nobody took, then new items, at the end what they put off. Empty when
    nothing is free for them: everything is labelled, skipped, or held by others at the moment. `page`
    names the page that asks; the leases are its own from now on.
    """
    lock_participation(participation)
    if participation.round.state != Round.State.OPEN:
        return []
    n_missing = N_LEASED - renew(participation, lasting=LEASE, page=page)
    for lease in (take_up_again, lease_more, lease_put_off):
        if n_missing > 0:
            n_missing -= lease(participation, n_missing, lasting=LEASE, page=page)
    mine = participation.holds().live().in_turn()
    return list(
        mine.select_related("slot__item__query", "slot__item__candidate", "slot__item__rival")[:N_LEASED]
    )


@transaction.atomic
def keep_items(participation: Participation, slots: Collection[int], *, page: UUID | None) -> list[int]:
    """The page is still open: renew what it holds, take up what ran out and nobody took.

    Returns the slots of `slots` that are this person's now; the others went to somebody else.
    """
    lock_participation(participation)
    if participation.round.state != Round.State.OPEN:
        return []
    participation.holds().live().filter(slot__in=slots).update(until=timezone.now() + LEASE, page=page)
    take_up_again(participation, N_LEASED, lasting=LEASE, page=page)
    mine = participation.holds().live().filter(slot__in=slots)
    return sorted(mine.values_list("slot_id", flat=True))


@transaction.atomic
def release_items(participation: Participation, slots: Collection[int], *, page: UUID) -> int:
    """The page was left: others may have what it held. Returns how many leases ended.

    They end but are not forgotten: this person's next page takes them up again if nobody has by then.
    A message that comes late, when another page has taken the items over, changes nothing.
    """
    lock_participation(participation)
    mine = participation.holds().live().filter(slot__in=slots, page=page)
    return mine.update(until=timezone.now())


def skip_item(slot: Slot, *, by: Participation) -> None:
    """This person does not want the item: it goes to others, and not to this person again.

    Harmless when repeated or when they have graded the item in between.
    """
    _set_aside(slot, Hold.Kind.SKIP, by=by)


def put_off_item(slot: Slot, *, by: Participation) -> None:
    """This person grades the item later: it comes back to them at the end, unless others are done with it.

    Harmless when repeated or when they have graded the item in between.
    """
    _set_aside(slot, Hold.Kind.LATER, by=by)


@transaction.atomic
def _set_aside(slot: Slot, kind: str, *, by: Participation) -> None:
    lock_participation(by)
    slot = lock_slot(slot)
    if slot.labels_of(by.rater).exists():
        return
    now = timezone.now()
    defaults = {"kind": kind, "until": None, "page": None, "reopened_at": None, "created_at": now}
    Hold.objects.update_or_create(slot=slot, rater=by.rater, defaults=defaults)


@transaction.atomic
def return_skipped(participation: Participation) -> int:
    """Bring the items this person skipped back to them; returns how many."""
    lock_participation(participation)
    n_returned, _ = participation.skips().delete()
    return n_returned


def lock_participation(participation: Participation) -> None:
    """One person's acts in one round happen one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM annotate_participation WHERE id = %s FOR NO KEY UPDATE", [participation.pk]
        )


def lock_slot(slot: Slot) -> Slot:
    """The slot as it is now, locked together with its item, whose reference other rounds may change too.

    Of the given slot only its key and its round's count. Raises Slot.DoesNotExist.
    """
    return (
        Slot.objects.select_related("item", "round__rubric", "round__project")
        .select_for_update(of=("self", "item"), no_key=True)
        .get(pk=slot.pk, round=slot.round_id)
    )


def refuse_without_room(slot: Slot, *, rater: Rater) -> None:
    """Raise AnswerRefused when others hold or have taken all places of the (locked) slot."""
    if slot.gold_grade is not None:
        return
    if slot.fate:
        raise AnswerRefused(
            "The managers have taken this item out of the round in the meantime. Your answer was not counted."
        )
    if slot.places_left <= slot.holds.live().exclude(rater=rater).count():
        raise AnswerRefused(
            "Other people have graded this item in the meantime, and it needs no more grades."
            " Your answer was not counted."
        )
