"""What waits for the managers of a round: items nobody wants, items somebody flagged; and their fate."""

from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotate.models import Flag, Hold, Participation, Round, Slot
from annotate.services.queue import lock_participation, lock_slot
from corpus.models import User

MOST_SHOWN = 100
TEXTS = ("item__query", "item__candidate", "item__rival")

# Places are left, and everybody who takes part has skipped the item or graded it already.
NOBODYS = """
    SELECT slot.id FROM annotate_slot slot JOIN annotate_hold hold ON hold.slot_id = slot.id
    WHERE slot.round_id = %(round)s AND slot.places_left > 0 AND hold.kind = 'skip'
    GROUP BY slot.id
    HAVING count(*) + (
        SELECT count(*) FROM annotate_label label
        WHERE label.item_id = slot.item_id AND label.round_id = slot.round_id AND label.superseded_at IS NULL
    ) >= (SELECT count(*) FROM annotate_participation WHERE round_id = %(round)s)
    ORDER BY slot.id LIMIT %(n)s
"""


class WaitingItem(NamedTuple):
    slot: Slot
    is_nobodys: bool
    flags: list[Flag]


class OutOfRound(Exception):
    """The item cannot be changed now; says why."""


@transaction.atomic
def flag_item(slot: Slot, *, by: Participation, note: str = "") -> Flag:
    """Tell the managers about the item; a second note of the same person replaces the first."""
    lock_participation(by)
    flag, _ = Flag.objects.update_or_create(
        slot=slot, rater=by.rater, settled_at=None, defaults={"note": note}
    )
    return flag


def waiting_items(round: Round) -> list[WaitingItem]:
    """The first hundred items that wait for a manager: flagged, or skipped by everybody who takes part."""
    with connection.cursor() as cursor:
        cursor.execute(NOBODYS, {"round": round.pk, "n": MOST_SHOWN})
        nobodys = {slot for (slot,) in cursor.fetchall()}
    flags: dict[int, list[Flag]] = {}
    open_flags = Flag.objects.filter(slot__round=round, settled_at=None).select_related("rater")
    for flag in open_flags.order_by("id")[:MOST_SHOWN]:
        flags.setdefault(flag.slot_id, []).append(flag)
    slots = Slot.objects.filter(pk__in=nobodys | set(flags)).select_related(
        "item__query", "item__candidate", "item__rival"
    )
    return [
        WaitingItem(slot, slot.pk in nobodys, flags.get(slot.pk, []))
        for slot in slots.order_by("position", "id")[:MOST_SHOWN]
    ]


def taken_out(round: Round) -> list[Slot]:
    """The first hundred items that managers took out of the queue."""
    slots = round.slots.exclude(fate=Slot.Fate.QUEUED).select_related(
        "item__query", "item__candidate", "item__rival"
    )
    return list(slots.order_by("position", "id")[:MOST_SHOWN])


@transaction.atomic
def give_back(slot: Slot, *, by: User) -> None:
    """Into the queue again: everybody may get the item, those who skipped it too; flags are settled."""
    slot = lock_slot(slot)
    _settle_flags(slot, by)
    slot.holds.filter(kind=Hold.Kind.SKIP).delete()
    if slot.fate:
        _change_given_up(slot, -slot.n_given_up)
        slot.places_left, slot.n_given_up, slot.fate = slot.n_given_up, 0, Slot.Fate.QUEUED
        slot.save(update_fields=["places_left", "n_given_up", "fate"])


@transaction.atomic
def take_out(slot: Slot, *, fate: str, by: User) -> None:
    """Nobody gets the item any more: it waits for adjudication, or is dropped. Its labels stay.

    Raises OutOfRound when it was taken out already in another way.
    """
    slot = lock_slot(slot)
    if slot.fate and slot.fate != fate:
        raise OutOfRound(f"The item was taken out already: {slot.get_fate_display().lower()}.")
    _settle_flags(slot, by)
    if not slot.fate:
        _change_given_up(slot, slot.places_left)
        slot.places_left, slot.n_given_up, slot.fate = 0, slot.places_left, fate
        slot.save(update_fields=["places_left", "n_given_up", "fate"])
        slot.holds.all().delete()


def _settle_flags(slot: Slot, by: User) -> None:
    slot.flags.filter(settled_at=None).update(settled_at=timezone.now(), settled_by=by)


def _change_given_up(slot: Slot, n_places: int) -> None:
    Round.objects.filter(pk=slot.round_id).update(n_given_up=F("n_given_up") + n_places)
