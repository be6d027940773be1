"""The items that people disagree on, the widest disagreement first."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection

from annotate.models import Round
from corpus.models import Item, Project

PAGE_SIZE = 50

DISPUTES = """
    SELECT item_id, spread, n_labels, count(*) OVER () AS n_all FROM (
        SELECT label.item_id, max(label.grade) - min(label.grade) AS spread, count(*) AS n_labels
        FROM annotate_label label
        WHERE label.superseded_at IS NULL AND {whose}
        GROUP BY label.item_id
        HAVING min(label.grade) < max(label.grade) OR (bool_or(label.cannot_judge) AND count(label.grade) > 0)
    ) dispute
    WHERE {decided} (
        SELECT FROM annotate_adjudication decided
        WHERE decided.item_id = dispute.item_id AND decided.superseded_at IS NULL
    )
"""
ORDERED = """
    SELECT item_id, spread, n_labels, n_all FROM ({disputes}) dispute
    {after} ORDER BY spread DESC, n_labels DESC, item_id LIMIT %(limit)s
"""
AFTER = "WHERE (-spread, -n_labels, item_id) > (-%(spread)s, -%(n_labels)s, %(item)s)"


class Place(NamedTuple):
    """Where a disputed item stands in the order."""

    spread: int
    n_labels: int
    item_id: int


class Dispute(NamedTuple):
    """One item that people gave different grades, or that some graded and others could not judge."""

    item: Item
    spread: int  # highest minus lowest grade value
    n_labels: int

    @property
    def place(self) -> Place:
        return Place(self.spread, self.n_labels, self.item.pk)


class Disputes(NamedTuple):
    rows: list[Dispute]
    n: int  # all that are left from here on


def open_disputes(
    project: Project, *, round: Round | None = None, after: Place | None = None, limit: int = PAGE_SIZE
) -> Disputes:
    """Disputed items nobody has decided: widest spread of grade values first, then most labels.

    With a round, only its labels count. `after` goes on behind a place.
    """
    return _disputes(project, decided="NOT EXISTS", round=round, after=after, limit=limit)


def decided_disputes(
    project: Project, *, round: Round | None = None, after: Place | None = None, limit: int = PAGE_SIZE
) -> Disputes:
    """Disputed items that are adjudicated, in the same order."""
    return _disputes(project, decided="EXISTS", round=round, after=after, limit=limit)


def place_of(item: Item, *, round: Round | None = None) -> Place | None:
    """Where the item stands in the order; None for an item without graded labels."""
    labels = item.labels.current().filter(**({"round": round} if round else {}))
    grades = list(labels.values_list("grade", flat=True))
    given = [grade for grade in grades if grade is not None]
    return Place(max(given) - min(given), len(grades), item.pk) if given else None


def _disputes(
    project: Project, *, decided: str, round: Round | None, after: Place | None, limit: int
) -> Disputes:
    whose = "label.round_id = %(round)s" if round else "label.rater_id = ANY(%(raters)s)"
    keys = {
        "round": round and round.pk,
        "raters": [] if round else list(project.raters.values_list("pk", flat=True)),
        "limit": limit,
    }
    if after:
        keys |= {"spread": after.spread, "n_labels": after.n_labels, "item": after.item_id}
    with connection.cursor() as cursor:
        disputes = DISPUTES.format(whose=whose, decided=decided)
        cursor.execute(ORDERED.format(disputes=disputes, after=AFTER if after else ""), keys)
        rows = cursor.fetchall()
    return Disputes(list(_with_items(rows)), rows[0][3] if rows else 0)


def _with_items(rows: list[tuple]) -> Iterator[Dispute]:
    items = Item.objects.select_related("query", "candidate").in_bulk([row[0] for row in rows])
    for item_id, spread, n_labels, _ in rows:
        yield Dispute(items[item_id], spread, n_labels)
