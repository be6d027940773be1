"""What a rule flags goes on: to a second judge, then to people; and a sample of its negatives is checked.

Whatever people say comes back as references, which every selection frozen later goes by.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from annotate.models import Round
from annotate.services.rounds import create_round
from corpus.models import ItemSet, User
from corpus.services import freeze_items
from judges.models import Judge, Run
from judges.services import start_run
from measures.checked_share import checked_share
from measures.estimates import Estimate
from mining.models import Selection
from mining.pools import free_name
from mining.rules import Reason, State
from mining.selections import SelectionRefused

FLAGGED = (Reason.FLAGGED, Reason.BAND, Reason.RELABELLED)
FOR_PEOPLE = (*FLAGGED, Reason.CONFIRMED)
NEGATIVE = (State.HARD, State.RANDOM)
# The positive that the judge scores highest stands beside a candidate: what answers the query best.
BESIDE = """
    SELECT DISTINCT ON (query_id) query_id, candidate_id FROM mining_selectionentry
    WHERE selection_id = %(selection)s AND state = 'positive'
    ORDER BY query_id, score DESC NULLS LAST, position"""
FOR_ROUND = f"""
    SELECT entry.item_id, beside.candidate_id FROM mining_selectionentry entry
    LEFT JOIN ({BESIDE}) beside ON beside.query_id = entry.query_id
    WHERE entry.selection_id = %(selection)s AND entry.reason = ANY(%(reasons)s)
    ORDER BY entry.position"""
# A query whose positive the judge doubts: people look at that positive, and nothing stands beside it.
DOUBTED = """
    SELECT entry.item_id FROM mining_selectionentry entry
    WHERE entry.selection_id = %(selection)s AND entry.state = 'positive' AND entry.query_id IN (
        SELECT query_id FROM mining_selectionentry
        WHERE selection_id = %(selection)s AND reason = %(doubted)s)
    ORDER BY entry.position"""
# The second judge measures by its own scores of the positives.
FOR_JUDGE = """
    SELECT entry.item_id FROM mining_selectionentry entry
    WHERE entry.selection_id = %(selection)s AND entry.query_id IN (
        SELECT query_id FROM mining_selectionentry
        WHERE selection_id = %(selection)s AND reason = ANY(%(reasons)s))
      AND (entry.reason = ANY(%(reasons)s) OR entry.state = 'positive')
    ORDER BY entry.position"""
NEGATIVES = """
    SELECT item_id FROM mining_selectionentry
    WHERE selection_id = %(selection)s AND state = ANY(%(states)s) AND (picked OR %(everything)s)
      AND reason <> ALL(%(by_people)s) ORDER BY position"""
CHECKED = """
    SELECT item.query_id, (reference.grade >= %(cut)s)::int FROM corpus_itemsetentry entry
    JOIN corpus_item item ON item.id = entry.item_id
    JOIN corpus_reference reference ON reference.item_id = entry.item_id
    WHERE entry.item_set_id = %(item_set)s ORDER BY item.query_id, item.id"""


class Checked(NamedTuple):
    """How many of a selection's negatives are relevant after all, by a random sample that people check."""

    share: Estimate
    n_relevant: int
    n_checked: int
    n_drawn: int
    n_negatives: int  # that the sample was drawn from
    chance: float  # with which each was drawn


@transaction.atomic
def send_to_judge(selection: Selection, judge: Judge, *, by: User | None = None) -> Run:
    """A run of a second judge over what was flagged, and over the positives of those queries.

    Raises SelectionRefused where nothing was flagged or the judge flagged them itself, RunRefused where it
    cannot be run.
    """
    if judge == selection.run.judge:
        raise SelectionRefused(
            f"“{judge.name}” flagged them itself and would say the same again: choose another judge."
        )
    reasons = [int(reason) for reason in FLAGGED]
    items = _items(FOR_JUDGE, selection, reasons=reasons)
    if not items:
        raise SelectionRefused(f"“{selection}” has nothing flagged for a second judge.")
    if selection.flagged_set is None:
        selection.flagged_set = freeze_items(
            selection.pool.project,
            items,
            name=free_name(selection.pool.project, f"Flagged in {selection.pool}, {selection}"[:180]),
            made_from={"rule": "flagged", "selection": selection.pk},
        )
        selection.save(update_fields=["flagged_set"])
    return start_run(judge, item_set=selection.flagged_set, by=by)


@transaction.atomic
def send_to_people(selection: Selection, *, overlap: int = 1, by: User | None = None) -> Round:
    """A draft round over what is flagged, each candidate beside a positive of its query.

    With a second judge these are what it confirmed and what it did not settle. Queries whose positive the
    judge doubts come with that positive alone. Raises SelectionRefused where there is nothing to ask.
    """
    reasons = [int(reason) for reason in FOR_PEOPLE]
    with connection.cursor() as cursor:
        cursor.execute(FOR_ROUND, {"selection": selection.pk, "reasons": reasons})
        rows = cursor.fetchall()
    doubted = _items(DOUBTED, selection, doubted=int(Reason.DOUBTED))
    if not rows and not doubted:
        raise SelectionRefused(f"“{selection}” has nothing to ask people: nothing is flagged or doubted.")
    items = [*(item for item, _ in rows), *doubted]
    besides = [*(beside for _, beside in rows), *[None] * len(doubted)]
    made_from = {"rule": "flagged_round", "selection": selection.pk}
    return _round(
        selection, items, name="Flagged", made_from=made_from, besides=besides, overlap=overlap, by=by
    )


@transaction.atomic
def draw_check(
    selection: Selection, *, n: int, seed: int = 0, everything: bool = False, by: User | None = None
) -> Round:
    """A draft round over n of the selection's negatives, each with the same chance: those picked, or all.

    Negatives that people have graded already are not among them. Raises SelectionRefused where there is none.
    """
    items = _items(
        NEGATIVES,
        selection,
        states=[str(state) for state in NEGATIVE],
        everything=everything,
        by_people=[int(Reason.PEOPLE_NEGATIVE), int(Reason.PEOPLE_RANDOM)],
    )
    if seed < 0:
        raise SelectionRefused("A seed is zero or more.")
    if n < 1 or not items:
        raise SelectionRefused(f"“{selection}” has no negatives to check, or none were asked for.")
    n = min(n, len(items))
    drawn = np.sort(np.random.default_rng([seed, selection.pk]).choice(len(items), size=n, replace=False))
    made_from = {
        "rule": "check",
        "selection": selection.pk,
        "n": n,
        "of": len(items),
        "chance": n / len(items),
        "seed": seed,
        "everything": everything,
    }
    round = _round(selection, [items[place] for place in drawn], name="Check", made_from=made_from, by=by)
    selection.check_set = round.item_set
    selection.save(update_fields=["check_set"])
    return round


def check(selection: Selection) -> Checked | None:
    """What the checked sample says so far; None before one was drawn.

    It counts the items of the sample that have a reference now. The round is in random order, so that those
    are a random part of the sample while it is under way.
    """
    if selection.check_set is None:
        return None
    facts = selection.check_set.made_from
    with connection.cursor() as cursor:
        cursor.execute(CHECKED, {"cut": selection.pool.settings["cut"], "item_set": selection.check_set.pk})
        rows = cursor.fetchall()
    queries, relevant = [query for query, _ in rows], [each for _, each in rows]
    return Checked(
        checked_share(relevant, queries), sum(relevant), len(rows), facts["n"], facts["of"], facts["chance"]
    )


def _items(statement: str, selection: Selection, **names: object) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"selection": selection.pk, **names})
        return [item for (item,) in cursor.fetchall()]


def _round(
    selection: Selection,
    items: Sequence[int],
    *,
    name: str,
    made_from: dict,
    besides: Sequence[int | None] | None = None,
    overlap: int = 1,
    by: User | None,
) -> Round:
    project = selection.pool.project
    wanted = f"{name}: {selection.pool}, {selection}, {timezone.now():%Y-%m-%d}"[-180:]
    free = free_name(project, wanted)
    item_set: ItemSet = freeze_items(project, items, name=free, made_from=made_from, besides=besides)
    order = Round.Order.QUERY if besides is not None else Round.Order.RANDOM
    return create_round(project, name=free, item_set=item_set, overlap=overlap, order=order, by=by)
