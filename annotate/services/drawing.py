"""Which free items a person gets next: the SQL behind annotate.services.queue.

By query and by priority, everybody goes through the positions of the round from where they stand. In
random order the positions were shuffled when the round opened, and within each block of them every person
has an order of their own, drawn with the seed of their participation: nobody follows anybody's order, and
the items of a block still get all their labels soon.
"""

import random
from datetime import timedelta
from uuid import UUID

from django.db import connection

from annotate.models import Participation, Round

BLOCK = 200  # positions that a person meets in an order of their own

# A place that nobody else holds, and no label of this person (nor, in FREE, any hold of theirs). Each is a
# look into one index per slot: written as NOT EXISTS, a planner that knows nothing of a young round yet
# joins every slot with all of the person's labels.
HAS_ROOM = """
    (slot.gold_grade IS NOT NULL OR slot.places_left > (
        SELECT count(*) FROM annotate_hold other
        WHERE other.slot_id = slot.id AND other.rater_id <> %(rater)s
          AND other.kind = 'lease' AND other.until > statement_timestamp()
    ))
    AND (
        SELECT count(*) FROM annotate_label label
        WHERE label.item_id = slot.item_id AND label.rater_id = %(rater)s
          AND label.round_id = slot.round_id AND label.superseded_at IS NULL
    ) = 0
"""
FREE = f"""
    {HAS_ROOM}
    AND (
        SELECT count(*) FROM annotate_hold mine
        WHERE mine.slot_id = slot.id AND mine.rater_id = %(rater)s
          AND (mine.kind <> 'lease' OR mine.until > statement_timestamp())
    ) = 0
"""
FIND = f"""
    SELECT slot.id FROM annotate_slot slot
    WHERE slot.round_id = %(round)s AND slot.places_left > 0 AND slot.position > %(after)s AND {FREE}
    ORDER BY slot.position LIMIT %(n)s
    FOR NO KEY UPDATE OF slot SKIP LOCKED
"""
NEXT_FREE = f"""
    SELECT slot.position FROM annotate_slot slot
    WHERE slot.round_id = %(round)s AND slot.places_left > 0 AND slot.position > %(after)s AND {FREE}
    ORDER BY slot.position LIMIT 1
"""
FIND_IN_BLOCK = f"""
    SELECT slot.id FROM annotate_slot slot
    WHERE slot.round_id = %(round)s AND slot.places_left > 0
      AND slot.position >= %(first)s AND slot.position < %(first)s + {BLOCK} AND {FREE}
    ORDER BY hashint8extended(slot.position, %(seed)s) LIMIT %(n)s
    FOR NO KEY UPDATE OF slot SKIP LOCKED
"""
FIND_GOLD = f"""
    SELECT slot.id FROM annotate_slot slot
    WHERE slot.round_id = %(round)s AND slot.gold_grade IS NOT NULL AND slot.fate = '' AND {FREE}
    ORDER BY hashint8extended(slot.id, %(seed)s) LIMIT %(n)s
"""
FIND_HELD = f"""
    SELECT slot.id FROM annotate_hold held JOIN annotate_slot slot ON slot.id = held.slot_id
    WHERE held.rater_id = %(rater)s AND held.kind = %(kind)s
      AND (held.until IS NULL OR held.until <= statement_timestamp())
      AND slot.round_id = %(round)s AND slot.fate = '' AND {HAS_ROOM}
    ORDER BY held.reopened_at DESC NULLS LAST, held.created_at, slot.position LIMIT %(n)s
    FOR NO KEY UPDATE OF slot SKIP LOCKED
"""
# The search saw the holds of its own beginning; these statements begin after the slots were locked and
# see what others took in between. What was found first is met first.
TAKE = f"""
    INSERT INTO annotate_hold (slot_id, rater_id, kind, until, page, created_at)
    SELECT slot.id, %(rater)s, 'lease', statement_timestamp() + %(lasting)s, %(page)s,
           statement_timestamp() + array_position(%(found)s, slot.id) * interval '1 microsecond'
    FROM annotate_slot slot
    WHERE slot.id = ANY(%(found)s) AND {FREE}
    ON CONFLICT (slot_id, rater_id) DO UPDATE
        SET kind = 'lease', until = excluded.until, page = excluded.page,
            created_at = excluded.created_at, reopened_at = NULL
"""
TAKE_HELD = f"""
    UPDATE annotate_hold held
    SET kind = 'lease', until = statement_timestamp() + %(lasting)s, page = %(page)s,
        created_at = CASE %(kind)s WHEN 'lease' THEN held.created_at ELSE statement_timestamp() END
    FROM annotate_slot slot
    WHERE slot.id = held.slot_id AND slot.id = ANY(%(found)s) AND held.rater_id = %(rater)s AND {HAS_ROOM}
"""
HELD_ORDINARY = """
    SELECT FROM annotate_hold held JOIN annotate_slot slot ON slot.id = held.slot_id
    WHERE held.rater_id = %(rater)s AND held.kind = 'lease' AND held.until > statement_timestamp()
      AND slot.round_id = %(round)s AND slot.gold_grade IS NULL LIMIT 1
"""
RENEW = """
    UPDATE annotate_hold held SET until = statement_timestamp() + %(lasting)s, page = %(page)s
    FROM annotate_slot slot
    WHERE slot.id = held.slot_id AND slot.round_id = %(round)s AND held.rater_id = %(rater)s
      AND held.kind = 'lease' AND held.until > statement_timestamp()
"""
# Where this person's newest label stands: searching onwards from there passes over nothing twice.
REACHED = """
    SELECT slot.position FROM annotate_label label
    JOIN annotate_slot slot ON slot.round_id = label.round_id AND slot.item_id = label.item_id
    WHERE label.round_id = %(round)s AND label.rater_id = %(rater)s AND label.gold_grade IS NULL
    ORDER BY label.id DESC LIMIT 1
"""


def renew(participation: Participation, *, lasting: timedelta, page: UUID | None) -> int:
    """Make what this person holds last again, and the page's own; returns how many items."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, _names(participation, lasting=lasting, page=page))
        return cursor.rowcount


def take_up_again(
    participation: Participation, n_wanted: int, *, lasting: timedelta, page: UUID | None
) -> int:
    """Lease again what this person held and let run out, where nobody has taken it; returns how many."""
    return _take_held("lease", participation, n_wanted, lasting=lasting, page=page)


def lease_put_off(
    participation: Participation, n_wanted: int, *, lasting: timedelta, page: UUID | None
) -> int:
    """Lease what this person wanted to meet later, the oldest first; returns how many."""
    return _take_held("later", participation, n_wanted, lasting=lasting, page=page)


def lease_more(participation: Participation, n_wanted: int, *, lasting: timedelta, page: UUID | None) -> int:
    """Lease up to `n_wanted` new items, gold among them by the round's share; returns how many."""
    names = _names(participation, lasting=lasting, page=page)
    share = participation.round.gold_share
    n_gold = sum(random.random() < share for _ in range(n_wanted)) if share else 0
    search = _lease_random if participation.round.order == Round.Order.RANDOM else _lease_in_order
    with connection.cursor() as cursor:
        cursor.execute(REACHED, names)
        row = cursor.fetchone()
        reached = row[0] if row else -1
        n_first = n_wanted - n_gold
        if n_first == 0 and not _holds_an_ordinary_item(cursor, names):
            n_first = 1  # never gold alone: it would only show that nothing else is left
        n_leased = search(cursor, names, n_first, reached=reached)
        if n_gold and n_leased == n_first:
            cursor.execute(FIND_GOLD, names | {"n": n_wanted - n_leased})
            n_leased += _take(cursor, names)
        if n_leased < n_wanted:
            n_leased += search(cursor, names, n_wanted - n_leased, reached=reached)
    return n_leased


def _holds_an_ordinary_item(cursor, names: dict) -> bool:
    cursor.execute(HELD_ORDINARY, names)
    return cursor.fetchone() is not None


def _lease_in_order(cursor, names: dict, n_wanted: int, *, reached: int) -> int:
    n_leased = 0
    for after in [reached, -1] if reached >= 0 else [-1]:
        while n_leased < n_wanted:
            cursor.execute(FIND, names | {"after": after, "n": n_wanted - n_leased})
            if cursor.rowcount == 0:
                break
            n_leased += _take(cursor, names)
    return n_leased


def _lease_random(cursor, names: dict, n_wanted: int, *, reached: int) -> int:
    n_leased = 0
    for start in [reached // BLOCK * BLOCK, 0] if reached >= BLOCK else [0]:
        first = start
        while n_leased < n_wanted:
            cursor.execute(FIND_IN_BLOCK, names | {"first": first, "n": n_wanted - n_leased})
            if cursor.rowcount:
                n_leased += _take(cursor, names)
                continue
            cursor.execute(NEXT_FREE, names | {"after": first + BLOCK - 1})
            row = cursor.fetchone()
            if row is None:
                break
            first = row[0] // BLOCK * BLOCK
    return n_leased


def _take(cursor, names: dict) -> int:
    """Lease the slots that the cursor's last statement found."""
    found = [slot for (slot,) in cursor.fetchall()]
    if not found:
        return 0
    cursor.execute(TAKE, names | {"found": found})
    return cursor.rowcount


def _take_held(
    kind: str, participation: Participation, n_wanted: int, *, lasting: timedelta, page: UUID | None
) -> int:
    names = _names(participation, lasting=lasting, page=page) | {"kind": kind, "n": n_wanted}
    with connection.cursor() as cursor:
        cursor.execute(FIND_HELD, names)
        found = [slot for (slot,) in cursor.fetchall()]
        if not found:
            return 0
        cursor.execute(TAKE_HELD, names | {"found": found})
        return cursor.rowcount


def _names(participation: Participation, *, lasting: timedelta, page: UUID | None) -> dict:
    return {
        "round": participation.round_id,
        "rater": participation.rater_id,
        "seed": participation.seed,
        "lasting": lasting,
        "page": page,
    }
