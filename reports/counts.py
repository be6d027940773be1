"""Verdicts beside the reference, counted by query for all judges of a project."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from judges.models import Outcome
from measures.counts import Counts, Ungraded
from reports.reading import UNGRADED, References, Said, read_references, read_verdicts
from reports.runs import JudgeRuns

COLUMNS = {Outcome.ABSTAINED: Ungraded.ABSTAINED, Outcome.SCORED: Ungraded.SCORED}  # all others: failed


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


def count_verdicts(
    judges: Sequence[JudgeRuns], *, values: Sequence[int], split: str | None = None
) -> list[JudgeCounts]:
    """The count array of each judge, in order, without those that have no verdict on any such item.

    `values` are the rubric's grades, ascending. References outside them are left out; a verdict with such a
    grade is out of range. `split` keeps to the queries of that split.
    """
    if not judges:
        return []
    references = read_references(judges[0].judge.project_id, values=values, split=split)
    return count_said(judges, references, values=values)


def count_said(
    judges: Sequence[JudgeRuns], references: References, *, values: Sequence[int]
) -> list[JudgeCounts]:
    """As `count_verdicts`, over these references."""
    if not judges or not len(references.items):
        return []
    positions, queries = place_queries(references.queries)
    n_grades = len(values)
    return [
        _of_judge(said, positions, references.grades, queries=queries, n_grades=n_grades)
        for said in read_verdicts(judges, references, values=values)
    ]


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


def columns_of(said: Said, *, n_grades: int) -> NDArray[np.int64]:
    """The count array's column of each verdict (M,)."""
    kinds = [COLUMNS.get(outcome, Ungraded.FAILED) for outcome in UNGRADED]
    column_of = np.array([kind.column(n_grades=n_grades) for kind in kinds])
    is_graded = said.codes >= 0
    return np.where(is_graded, said.codes, column_of[np.where(is_graded, 0, -1 - said.codes)])


def _of_judge(
    said: Said,
    positions: NDArray[np.int64],
    grades: NDArray[np.int64],
    *,
    queries: NDArray[np.int64],
    n_grades: int,
) -> JudgeCounts:
    shape = (len(queries), n_grades, n_grades + len(Ungraded))
    is_graded = said.codes >= 0
    columns = columns_of(said, n_grades=n_grades)
    cells = (positions[said.places] * shape[1] + grades[said.places]) * shape[2] + columns
    ungraded = Counter(UNGRADED[-1 - code] for code in said.codes[~is_graded].tolist())
    outcomes = {Outcome.GRADED: int(is_graded.sum())} | ungraded
    scores = Scores(positions[said.scored], grades[said.scored], said.scores)
    return JudgeCounts(
        said.judged,
        np.bincount(cells, minlength=shape[0] * shape[1] * shape[2]).reshape(shape),
        queries,
        {str(outcome): outcomes[outcome] for outcome in Outcome if outcomes.get(outcome)},
        scores if len(said.scores) else None,
    )
