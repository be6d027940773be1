"""Verdicts beside the reference, counted by PostgreSQL in one statement for all judges of a project.

The counts per query, and the scores as packed doubles in the same rows, are all that leaves the database:
a million verdicts of a thousand queries are some ten thousand rows.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from judges.models import Outcome
from measures.counts import Counts, Ungraded, count_array
from reports.runs import JudgeRuns
from reports.verdict_rows import verdict_rows

UNGRADED = [outcome for outcome in Outcome if outcome != Outcome.GRADED]
COLUMNS = {Outcome.ABSTAINED: Ungraded.ABSTAINED, Outcome.SCORED: Ungraded.SCORED}  # all others: failed

WORK_MEM = "64MB"  # the references of a million items as one hash table, without temporary files

# A judged grade is itself; a verdict without a grade is minus the place (from 1) of its outcome in UNGRADED.
COUNT = """
    SELECT verdict.run_id, reference.query_id, reference.grade,
           coalesce(verdict.grade, -array_position(%(ungraded)s::varchar[], verdict.outcome)) AS judged,
           count(*), string_agg(float8send(verdict.score), ''::bytea)
    FROM ({verdicts}) verdict JOIN corpus_reference reference USING (item_id) {split}
    GROUP BY 1, 2, 3, 4
"""
IN_SPLIT = "JOIN corpus_query query ON query.id = reference.query_id AND query.split = %(split)s"


class Scores(NamedTuple):
    """One judge's scores on items with a reference: three arrays (N,)."""

    queries: NDArray[np.int64]  # positions of queries
    references: NDArray[np.int64]  # positions of grades
    values: NDArray[np.float64]


class JudgeCounts(NamedTuple):
    """One judge's verdicts under one condition on items with a reference."""

    judged: JudgeRuns
    counts: Counts  # (Q, K, K + 3); the same Q queries for all judges of one call
    queries: NDArray[np.int64]  # (Q,) keys of the queries
    outcomes: dict[str, int]  # verdicts by outcome
    scores: Scores | None  # None where no verdict has a score


class _Rows(NamedTuple):
    """The statement's answer as arrays (R,), queries and grades as positions."""

    runs: NDArray[np.int64]
    queries: NDArray[np.int64]
    references: NDArray[np.int64]
    judged: NDArray[np.int64]  # column of the count array
    outcomes: list[str]
    amounts: NDArray[np.int64]
    scores: list[Any]  # bytes-like, big-endian doubles, or None


def count_verdicts(
    judges: Sequence[JudgeRuns], *, values: Sequence[int], split: str | None = None
) -> list[JudgeCounts]:
    """The count array of each judge, in order, without those that have no verdict on any such item.

    `values` are the rubric's grades, ascending. References outside them are left out; a verdict with such a
    grade is out of range. `split` keeps to the queries of that split.
    """
    found = _fetch(judges, split=split)
    if not found:
        return []
    rows, queries = _positions(found, values)
    newest = {each.runs[0].pk: each for each in judges}
    order = np.argsort(rows.runs, kind="stable")
    runs, starts = np.unique(rows.runs[order], return_index=True)
    of_run = dict(zip(runs.tolist(), np.split(order, starts[1:]), strict=True))
    return [
        _of_judge(judged, rows, of_run[run], queries=queries, n_grades=len(values))
        for run, judged in newest.items()
        if run in of_run
    ]


def _fetch(judges: Sequence[JudgeRuns], *, split: str | None) -> list[tuple]:
    verdicts, parameters = verdict_rows(judges)
    if not verdicts:
        return []
    statement = COUNT.format(verdicts=verdicts, split=IN_SPLIT if split else "")
    parameters |= {"ungraded": [str(outcome) for outcome in UNGRADED], "split": split}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def _positions(found: list[tuple], values: Sequence[int]) -> tuple[_Rows, NDArray[np.int64]]:
    """The rows whose reference is a grade of the rubric, and the queries (Q,) among them in their order."""
    numbers = np.array([row[:5] for row in found], dtype=np.int64)
    references = _grade_positions(numbers[:, 2], values)
    kept = references >= 0
    numbers, references = numbers[kept], references[kept]
    columns, outcomes = _columns(numbers[:, 3], values)
    positions, queries = place_queries(numbers[:, 1])
    scores = [row[5] for row, keep in zip(found, kept.tolist(), strict=True) if keep]
    return _Rows(numbers[:, 0], positions, references, columns, outcomes, numbers[:, 4], scores), queries


def place_queries(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions (R,) of these queries in the order of their external ids, and the queries (Q,) in it.

    The bootstrap draws by position: so the same data give the same intervals, in whatever order they came in.
    """
    unique, inverse = np.unique(ids, return_inverse=True)
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT id FROM corpus_query WHERE id = ANY(%s) ORDER BY external_id COLLATE "C", id',
            [unique.tolist()],
        )
        ordered = np.array([query for (query,) in cursor.fetchall()], dtype=np.int64)
    positions = np.empty(len(unique), dtype=np.int64)
    positions[np.searchsorted(unique, ordered)] = np.arange(len(unique))
    return positions[inverse], ordered


def _grade_positions(grades: NDArray[np.int64], values: Sequence[int]) -> NDArray[np.int64]:
    """Positions of grades in the rubric, −1 for a grade that it does not have."""
    scale = np.asarray(values, dtype=np.int64)
    positions = np.searchsorted(scale, grades).clip(max=len(scale) - 1)
    return np.where(scale[positions] == grades, positions, -1)


def _columns(judged: NDArray[np.int64], values: Sequence[int]) -> tuple[NDArray[np.int64], list[str]]:
    """The count array's column of each judged code, and the outcome in words."""
    n_grades = len(values)
    columns = _grade_positions(judged, values)
    outcome_of = {-1: str(Outcome.OUT_OF_RANGE)} | dict.fromkeys(range(n_grades), str(Outcome.GRADED))
    outcomes = [outcome_of[column] for column in columns.tolist()]
    for row in np.flatnonzero(judged < 0).tolist():
        outcomes[row] = str(UNGRADED[-int(judged[row]) - 1])
    for row in np.flatnonzero(columns < 0).tolist():
        kind = COLUMNS.get(Outcome(outcomes[row]), Ungraded.FAILED)
        columns[row] = kind.column(n_grades=n_grades)
    return columns, outcomes


def _of_judge(
    judged: JudgeRuns, rows: _Rows, mine: NDArray[np.intp], *, queries: NDArray[np.int64], n_grades: int
) -> JudgeCounts:
    cells = np.stack(
        [rows.queries[mine], rows.references[mine], rows.judged[mine], rows.amounts[mine]], axis=1
    )
    outcomes: Counter[str] = Counter()
    for row in mine.tolist():
        outcomes[rows.outcomes[row]] += int(rows.amounts[row])
    return JudgeCounts(
        judged,
        count_array(cells, n_queries=len(queries), n_grades=n_grades),
        queries,
        {str(outcome): outcomes[str(outcome)] for outcome in Outcome if outcomes[str(outcome)]},
        _scores(rows, [row for row in mine.tolist() if rows.scores[row] is not None]),
    )


def _scores(rows: _Rows, mine: list[int]) -> Scores | None:
    if not mine:
        return None
    packed = [np.frombuffer(rows.scores[row], dtype=">f8") for row in mine]
    lengths = [len(each) for each in packed]
    return Scores(
        np.repeat(rows.queries[mine], lengths),
        np.repeat(rows.references[mine], lengths),
        np.concatenate(packed).astype(np.float64),
    )
