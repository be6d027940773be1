"""Who gets which item: served by the database, the current item and the next two leased ahead.

A slot has `places_left` = overlap − current labels. A live lease is a promise of one of those places, so
leases are given only while places_left exceeds other people's live leases. Every act locks in one order:
the project's references (shared), the person's participation, the slot with its item, then holds, labels
and references.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from annotate.models import Hold, Participation, Rater, Round, Slot
from corpus.models import User

LEASE = timedelta(minutes=15)  # renewed with every answer
N_LEASED = 3  # the current item and the next two

# Free for this person: a place that nobody else holds, not labelled, skipped or held by this person.
FREE = """
    slot.places_left > (
        SELECT count(*) FROM annotate_hold other
        WHERE other.slot_id = slot.id AND other.rater_id <> %(rater)s
          AND other.kind = 'lease' AND other.until > now()
    )
    AND NOT EXISTS (
        SELECT FROM annotate_hold mine
        WHERE mine.slot_id = slot.id AND mine.rater_id = %(rater)s
          AND (mine.kind = 'skip' OR mine.until > now())
    )
    AND NOT EXISTS (
        SELECT FROM annotate_label label
        WHERE label.item_id = slot.item_id AND label.rater_id = %(rater)s
          AND label.round_id = slot.round_id AND label.superseded_at IS NULL
    )
"""
FIND = f"""
    SELECT slot.id FROM annotate_slot slot
    WHERE slot.round_id = %(round)s AND slot.places_left > 0 AND slot.position > %(after)s AND {FREE}
    ORDER BY slot.position LIMIT %(n)s
    FOR NO KEY UPDATE OF slot SKIP LOCKED
"""
# The search saw the holds of its own beginning; this statement begins after the slots were locked and
# sees what others took in between.
TAKE = f"""
    INSERT INTO annotate_hold (slot_id, rater_id, kind, until)
    SELECT slot.id, %(rater)s, 'lease', now() + %(lease)s FROM annotate_slot slot
    WHERE slot.id = ANY(%(found)s) AND {FREE}
    ON CONFLICT (slot_id, rater_id) DO UPDATE
        SET kind = 'lease', until = excluded.until, created_at = excluded.created_at, reopened_at = NULL
"""
# Where this person's newest label stands: searching onwards from there passes over nothing twice.
REACHED = """
    SELECT slot.position FROM annotate_label label
    JOIN annotate_slot slot ON slot.round_id = label.round_id AND slot.item_id = label.item_id
    WHERE label.round_id = %(round)s AND label.rater_id = %(rater)s ORDER BY label.id DESC LIMIT 1
"""


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
def next_items(participation: Participation) -> list[Hold]:
    """What this person should grade now and next: up to three leases, renewed and filled up, in turn.

    Empty when nothing is free for them: everything is labelled, skipped, or held by others at the moment.
    """
    lock_participation(participation)
    if participation.round.state != Round.State.OPEN:
        return []
    mine = Hold.objects.filter(rater=participation.rater_id, slot__round=participation.round_id)
    n_missing = N_LEASED - mine.live().update(until=timezone.now() + LEASE)
    if n_missing > 0:
        _lease_more(participation, n_missing)
    return list(mine.live().in_turn().select_related("slot__item__query", "slot__item__candidate"))


def _lease_more(participation: Participation, n_missing: int) -> None:
    names = {"round": participation.round_id, "rater": participation.rater_id, "lease": LEASE}
    with connection.cursor() as cursor:
        cursor.execute(REACHED, names)
        reached = cursor.fetchone()
        starts = [reached[0], -1] if reached else [-1]
        for after in starts:
            while n_missing > 0:
                cursor.execute(FIND, names | {"after": after, "n": n_missing})
                found = [slot for (slot,) in cursor.fetchall()]
                if not found:
                    break
                cursor.execute(TAKE, names | {"found": found})
                n_missing -= cursor.rowcount


@transaction.atomic
def skip_item(slot: Slot, *, by: Participation) -> None:
    """This person does not want the item: it goes to others, and not to this person again.

    Harmless when repeated or when they have graded the item in between.
    """
    lock_participation(by)
    slot = lock_slot(slot)
    if slot.labels_of(by.rater).exists():
        return
    Hold.objects.update_or_create(
        slot=slot,
        rater=by.rater,
        defaults={"kind": Hold.Kind.SKIP, "until": None, "reopened_at": None, "created_at": timezone.now()},
    )


@transaction.atomic
def return_skipped(participation: Participation) -> int:
    """Bring the items this person skipped back to them; returns how many."""
    lock_participation(participation)
    n_returned, _ = participation.skips().delete()
    return n_returned


def lock_participation(participation: Participation) -> None:
    """One person's acts in one round happen one after the other."""
    Participation.objects.select_for_update(no_key=True).only("pk").get(pk=participation.pk)


def lock_slot(slot: Slot) -> Slot:
    """The slot as it is now, locked together with its item, whose reference other rounds may change too."""
    return (
        Slot.objects.select_related("item", "round__rubric", "round__project")
        .select_for_update(of=("self", "item"), no_key=True)
        .get(pk=slot.pk)
    )


def refuse_without_room(slot: Slot, *, rater: Rater) -> None:
    """Raise AnswerRefused when others hold or have taken all places of the (locked) slot."""
    if slot.places_left <= slot.holds.live().exclude(rater=rater).count():
        raise AnswerRefused(
            "Other people have graded this item in the meantime, and it needs no more grades."
            " Your answer was not counted."
        )
