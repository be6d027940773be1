"""People's labels beside each other, counted by PostgreSQL.

Of a rater who labelled an item in several rounds the latest grade counts. Grades outside the scale and
"cannot judge" are no grades here; how often the latter was said stands in `RaterWork`. Answers to gold items
are counted apart, beside the known grade.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from annotate.models import Round
from annotate.references import ON_THE_SCALE
from corpus.models import Project
from corpus.variants import no_variant
from reports.counts import place_queries
from reports.reading import WORK_MEM

PAUSE_SECONDS = 300
"""Two labels further apart than this have a pause between them, which is no working time."""

MOST_PAIRED = 20
"""Only so many raters, those with most labels, are compared two by two."""

SAID = """
    said AS MATERIALIZED (
        SELECT DISTINCT ON (label.item_id, label.rater_id) label.item_id, label.rater_id, {grade} AS grade
        FROM annotate_label label
        WHERE {whose} AND label.superseded_at IS NULL AND {grade} = ANY(%(values)s)
          AND label.gold_grade IS NULL
        ORDER BY label.item_id, label.rater_id, label.id DESC
    )
"""
# One row for every query, counts of an item's grades, rater and grade: items that look the same are one row.
PATTERNS = """
    WITH {said},
    pattern AS (
        SELECT said.item_id, item.query_id, ARRAY[{counts}] AS counts, decided.grade AS decided
        FROM said JOIN corpus_item item ON item.id = said.item_id
        LEFT JOIN annotate_adjudication decided
               ON decided.item_id = said.item_id AND decided.superseded_at IS NULL AND %(is_decided)s
        GROUP BY said.item_id, item.query_id, decided.grade
        HAVING count(*) > 1 OR decided.grade IS NOT NULL
    )
    SELECT pattern.query_id, said.rater_id, array_position(%(values)s::int[], said.grade::int) - 1,
           array_position(%(values)s::int[], pattern.decided::int) - 1, count(*), pattern.counts
    FROM pattern JOIN said USING (item_id)
    GROUP BY pattern.query_id, said.rater_id, said.grade, pattern.decided, pattern.counts
"""
PAIRS = """
    WITH {said}
    SELECT item.query_id, one.rater_id, other.rater_id, array_position(%(values)s::int[], one.grade::int) - 1,
           array_position(%(values)s::int[], other.grade::int) - 1, count(*)
    FROM said one JOIN said other ON other.item_id = one.item_id AND other.rater_id > one.rater_id
    JOIN corpus_item item ON item.id = one.item_id
    WHERE one.rater_id = ANY(%(paired)s) AND other.rater_id = ANY(%(paired)s)
    GROUP BY 1, 2, 3, one.grade, other.grade
"""
GOLD = """
    SELECT item.query_id, label.rater_id, array_position(%(values)s::int[], label.gold_grade::int) - 1,
           array_position(%(values)s::int[], label.grade::int) - 1, count(*)
    FROM annotate_label label JOIN corpus_item item ON item.id = label.item_id
    WHERE {whose} AND label.superseded_at IS NULL AND label.grade = ANY(%(values)s)
      AND label.gold_grade = ANY(%(values)s) AND %(criterion)s = 0
    GROUP BY 1, 2, 3, 4
"""
WORK = """
    SELECT rater_id, count(grade), count(*) FILTER (WHERE cannot_judge), ARRAY[{counts}],
           percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
           count(gap) FILTER (WHERE gap <= %(pause)s), sum(gap) FILTER (WHERE gap <= %(pause)s),
           count(went_left), count(*) FILTER (WHERE went_left)
    FROM (
        SELECT label.rater_id, {grade} AS grade, label.cannot_judge, label.seconds,
               CASE label.grade WHEN 2 THEN NOT label.rival_first WHEN 0 THEN label.rival_first END
                   AS went_left,
               CASE WHEN label.job_id IS NULL AND label.round_id IS NOT NULL THEN extract(epoch FROM
                   label.created_at - lag(label.created_at) OVER (
                       PARTITION BY label.rater_id, label.round_id, label.job_id IS NULL
                       ORDER BY label.created_at
                   ))::float8 END AS gap
        FROM annotate_label label WHERE {whose} AND label.superseded_at IS NULL
    ) label
    GROUP BY rater_id
"""


class RaterWork(NamedTuple):
    """What one rater did: counts of current labels, and speed where labels were given here."""

    n_graded: int
    n_cannot_judge: int
    grades: list[int]  # labels by grade position
    median_seconds: float | None  # from showing an item to its grade
    per_hour: float | None  # labels an hour, without pauses
    n_sides: int = 0  # preferences for one side
    n_left: int = 0  # of these for the left one

    @property
    def n_labels(self) -> int:
        return self.n_graded + self.n_cannot_judge

    @property
    def share_left(self) -> float | None:
        """Percent of preferences for a side that went to the left one; None without any."""
        return 100 * self.n_left / self.n_sides if self.n_sides else None

    @property
    def share_cannot_judge(self) -> float:
        """Percent of the labels."""
        return 100 * self.n_cannot_judge / max(self.n_labels, 1)


class Patterns(NamedTuple):
    """Grades on items with several raters or an adjudicated grade, alike ones together: arrays (N, …)."""

    queries: NDArray[np.int64]  # positions
    raters: NDArray[np.int64]  # positions
    grades: NDArray[np.int64]  # the rater's, as a position
    decided: NDArray[np.int64]  # the adjudicated grade's position, −1 without one
    amounts: NDArray[np.int64]  # how many items look like this
    counts: NDArray[np.int64]  # (N, K): how many raters gave the item each grade, this one among them


class Joint(NamedTuple):
    """Joint grades of two raters: `counts` (Q, K, K), the first rater's grade × the second's."""

    first: int  # position of the rater
    second: int
    counts: NDArray[np.int64]


class PeopleCounts(NamedTuple):
    """All that agreement among people needs; positions of raters follow `raters`, of queries their ids."""

    raters: list[int]  # ids of raters with any label, in the order of their names
    work: list[RaterWork]
    n_queries: int  # those with a pattern or a gold item
    patterns: Patterns
    joints: list[Joint]  # of the MOST_PAIRED raters with most labels
    gold: NDArray[np.int64] | None  # (R, Q, K, K): known grade × the rater's; None without gold items


def count_people(
    project: Project, *, round: Round | None, values: Sequence[int], criterion: int = 0
) -> PeopleCounts:
    """Count everybody's current labels, of one round or of the whole project (labels from files too).

    Of the project only labels of plain items on its own scale, of a round all of its labels. `criterion` is
    the place among the rubric's scales.
    """
    names = dict(project.raters.values_list("pk", "name"))
    keys = {
        "project": project.pk,
        "criterion": criterion,
        "is_decided": criterion == 0 and (round is None or round.rubric.compares or round.rubric.is_main),
        "round": round and round.pk,
        "raters": list(names),
        "values": list(values),
        "pause": PAUSE_SECONDS,
    }
    everywhere = f"label.rater_id = ANY(%(raters)s) AND {ON_THE_SCALE} AND {no_variant('label.item_id')}"
    whose = "label.round_id = %(round)s" if round else everywhere
    grade = "label.grade" if criterion == 0 else f"label.marks[{int(criterion)}]"
    counts = ", ".join(f"count(*) FILTER (WHERE grade = {int(value)})" for value in values)
    said = SAID.format(whose=whose, grade=grade)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        work = _fetch(cursor, WORK.format(whose=whose, counts=counts, grade=grade), keys)
        patterns = _fetch(
            cursor, PATTERNS.format(said=said, counts=counts.replace("grade", "said.grade")), keys
        )
        by_rater = {row[0]: _work(row) for row in work}
        busiest = sorted(by_rater, key=lambda rater: (-by_rater[rater].n_graded, rater))[:MOST_PAIRED]
        gold = _fetch(cursor, GOLD.format(whose=whose), keys)
        pairs = _fetch(cursor, PAIRS.format(said=said), keys | {"paired": busiest})
    raters = sorted(by_rater, key=lambda rater: (names[rater], rater))
    positions = {rater: position for position, rater in enumerate(raters)}
    named = np.array([row[0] for row in (*patterns, *gold)], dtype=np.int64)
    places, ordered = place_queries(named)
    queries = dict(zip(named.tolist(), places.tolist(), strict=True))
    return PeopleCounts(
        raters,
        [by_rater[rater] for rater in raters],
        len(ordered),
        _patterns(patterns, queries, positions, n_grades=len(values)),
        _joints(pairs, queries, positions, n_grades=len(values)),
        _gold(gold, queries, positions, n_grades=len(values)) if gold else None,
    )


def _fetch(cursor, statement: str, keys: dict[str, Any]) -> list[tuple]:
    cursor.execute(statement, keys)
    return cursor.fetchall()


def _work(row: tuple) -> RaterWork:
    _, n_graded, n_cannot_judge, grades, median, n_gaps, seconds, n_sides, n_left = row
    per_hour = 3600 * n_gaps / seconds if n_gaps and seconds else None
    return RaterWork(n_graded, n_cannot_judge, grades, median, per_hour, n_sides, n_left)


def _patterns(
    rows: list[tuple], queries: dict[int, int], raters: dict[int, int], *, n_grades: int
) -> Patterns:
    facts = np.array(
        [
            (queries[query], raters[rater], grade, -1 if decided is None else decided, amount)
            for query, rater, grade, decided, amount, _ in rows
        ],
        dtype=np.int64,
    ).reshape(-1, 5)
    counts = np.array([row[5] for row in rows], dtype=np.int64).reshape(-1, n_grades)
    return Patterns(*facts.T, counts)


def _joints(
    rows: list[tuple], queries: dict[int, int], raters: dict[int, int], *, n_grades: int
) -> list[Joint]:
    made: dict[tuple[int, int], NDArray[np.int64]] = {}
    for query, one, other, grade, other_grade, amount in rows:
        first, second = raters[one], raters[other]
        if first > second:
            first, second, grade, other_grade = second, first, other_grade, grade
        counts = made.setdefault(
            (first, second), np.zeros((len(queries), n_grades, n_grades), dtype=np.int64)
        )
        counts[queries[query], grade, other_grade] += amount
    return [Joint(*pair, counts) for pair, counts in sorted(made.items())]


def _gold(
    rows: list[tuple], queries: dict[int, int], raters: dict[int, int], *, n_grades: int
) -> NDArray[np.int64]:
    tables = np.zeros((len(raters), len(queries), n_grades, n_grades), dtype=np.int64)
    for query, rater, known, grade, amount in rows:
        tables[raters[rater], queries[query], known, grade] += amount
    return tables
