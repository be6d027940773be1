"""The items that people disagree on, the widest disagreement first, and those that managers sent there.

Grades of rounds on another scale than the project's own are left out: nothing is decided on those.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection

from annotate.models import Round
from annotate.references import ON_OTHER_SCALES
from corpus.models import Item, Project

PAGE_SIZE = 50

ELSEWHERE = f"""
    {ON_OTHER_SCALES} AND apart.rubric_id NOT IN (
        SELECT scale.id FROM corpus_rubric scale WHERE scale.kind = 'preference'
    )
"""
DISPUTES = """
    SELECT item_id, max(spread) AS spread, max(n_labels) AS n_labels, bool_or(was_sent) AS was_sent,
           count(*) OVER () AS n_all
    FROM (
        SELECT label.item_id, max(label.grade) - min(label.grade) AS spread, count(*) AS n_labels,
               false AS was_sent
        FROM annotate_label label
        WHERE label.superseded_at IS NULL AND label.gold_grade IS NULL AND {whose}
          AND (label.round_id IS NULL OR label.round_id NOT IN ({elsewhere}))
        GROUP BY label.item_id
        HAVING min(label.grade) < max(label.grade) OR (bool_or(label.cannot_judge) AND count(label.grade) > 0)
        UNION ALL
        SELECT slot.item_id, 0, 0, true
        FROM annotate_slot slot JOIN annotate_round round ON round.id = slot.round_id
        WHERE slot.fate = 'adjudicate' AND {which} AND round.id NOT IN ({elsewhere})
    ) dispute
    WHERE {decided} (
        SELECT FROM annotate_adjudication decided
        WHERE decided.item_id = dispute.item_id AND decided.superseded_at IS NULL
    )
    GROUP BY item_id
"""
ORDERED = """
    SELECT item_id, spread, n_labels, was_sent, n_all FROM ({disputes}) dispute
    {after} ORDER BY spread DESC, n_labels DESC, item_id LIMIT %(limit)s
"""
AFTER = "WHERE (-spread, -n_labels, item_id) > (-%(spread)s, -%(n_labels)s, %(item)s)"


class Place(NamedTuple):
    """Where a disputed item stands in the order."""

    spread: int
    n_labels: int
    item_id: int


class Dispute(NamedTuple):
    """An item that people gave different grades, or that some graded and others could not judge."""

    item: Item
    spread: int  # highest minus lowest grade value
    n_labels: int
    was_sent: bool  # a manager sent it here, because nobody wanted to grade it

    @property
    def place(self) -> Place:
        return Place(self.spread, self.n_labels, self.item.pk)


class Disputes(NamedTuple):
    rows: list[Dispute]
    n: int  # of the whole list, on whatever page of it; 0 behind its end
    has_more: bool


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


def place_of(item: Item, *, round: Round | None = None) -> Place:
    """Where the item stands in the order, whether or not people disagree on it."""
    labels = item.labels.current().without_gold()
    if round:
        labels = labels.filter(round=round)
    else:
        labels = labels.exclude(round__in=Round.objects.decided_elsewhere(item.query.project))
    grades = list(labels.values_list("grade", flat=True))
    given = [grade for grade in grades if grade is not None]
    spread = max(given) - min(given) if given else 0
    is_dispute = spread or (given and len(given) < len(grades))
    return Place(spread, len(grades) if is_dispute else 0, item.pk)


def _disputes(
    project: Project, *, decided: str, round: Round | None, after: Place | None, limit: int
) -> Disputes:
    whose = "label.round_id = %(round)s" if round else "label.rater_id = ANY(%(raters)s)"
    which = "round.id = %(round)s" if round else "round.project_id = %(project)s"
    keys = {
        "project": project.pk,
        "round": round and round.pk,
        "raters": [] if round else list(project.raters.values_list("pk", flat=True)),
        "limit": limit + 1,
    }
    if after:
        keys |= {"spread": after.spread, "n_labels": after.n_labels, "item": after.item_id}
    with connection.cursor() as cursor:
        disputes = DISPUTES.format(whose=whose, which=which, decided=decided, elsewhere=ELSEWHERE)
        cursor.execute(ORDERED.format(disputes=disputes, after=AFTER if after else ""), keys)
        rows = cursor.fetchall()
    return Disputes(list(_with_items(rows[:limit])), rows[0][4] if rows else 0, len(rows) > limit)


def _with_items(rows: list[tuple]) -> Iterator[Dispute]:
    items = Item.objects.select_related("query", "candidate", "rival").in_bulk([row[0] for row in rows])
    for item_id, spread, n_labels, was_sent, _ in rows:
        yield Dispute(items[item_id], spread, n_labels, was_sent)
