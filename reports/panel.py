"""All judges on all items side by side: one small whole number for each item and judge.

A million verdicts are a megabyte. Beyond MOST_CELLS whole queries are drawn, in an order that their ids give,
and the panel says so.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from judges.models import Outcome
from reports.counts import WORK_MEM, place_queries
from reports.runs import JudgeRuns
from reports.scope import Scope
from reports.verdict_rows import verdict_rows

NO_VERDICT, ABSTAINED, FAILED, SCORED = -1, -2, -3, -4
MOST_CELLS = 50_000_000

REFERENCES = """
    SELECT reference.item_id, reference.query_id, array_position(%(values)s::int[], reference.grade::int) - 1
    FROM corpus_reference reference JOIN corpus_query query ON query.id = reference.query_id
    WHERE query.project_id = %(project)s AND reference.grade = ANY(%(values)s)
      AND (%(split)s::varchar IS NULL OR query.split = %(split)s)
    ORDER BY reference.item_id
"""
VERDICTS = """
    SELECT verdict.run_id, string_agg(int8send(verdict.item_id), ''::bytea),
           string_agg(int2send((CASE
               WHEN verdict.grade = ANY(%(values)s)
                   THEN array_position(%(values)s::int[], verdict.grade::int) - 1
               WHEN verdict.outcome = %(abstained)s THEN {ABSTAINED}
               WHEN verdict.outcome = %(scored)s THEN {SCORED}
               ELSE {FAILED} END)::smallint), ''::bytea)
    FROM ({verdicts}) verdict JOIN corpus_reference reference USING (item_id)
    GROUP BY verdict.run_id
"""


class Panel(NamedTuple):
    """Items with a reference, by item id."""

    items: NDArray[np.int64]  # (N,) keys
    queries: NDArray[np.int64]  # (N,) positions
    references: NDArray[np.int64]  # (N,) positions of grades
    judged: NDArray[np.int8]  # (N, J) positions of grades, or one of the negative codes above
    n_left_out: int  # items of queries that were not drawn


def read_panel(project_id: int, judges: Sequence[JudgeRuns], *, scope: Scope) -> Panel:
    """The panel of these judges, in order, over the items of the scope."""
    keys = {"project": project_id, "values": list(scope.values), "split": scope.split}
    verdicts, parameters = verdict_rows(judges)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        cursor.execute(REFERENCES, keys)
        facts = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
        facts, n_left_out = _drawn(facts, most=MOST_CELLS // max(1, len(judges)))
        judged = np.full((len(facts), len(judges)), NO_VERDICT, dtype=np.int8)
        if verdicts and len(facts):
            codes = {"ABSTAINED": ABSTAINED, "FAILED": FAILED, "SCORED": SCORED}
            cursor.execute(
                VERDICTS.format(verdicts=verdicts, **codes),
                parameters | keys | {"abstained": Outcome.ABSTAINED, "scored": Outcome.SCORED},
            )
            column = {each.ids[0]: place for place, each in enumerate(judges)}
            for run, items, said in cursor:
                item = np.frombuffer(items, dtype=">i8").astype(np.int64)
                place = np.searchsorted(facts[:, 0], item).clip(max=len(facts) - 1)
                known = facts[place, 0] == item
                judged[place[known], column[run]] = np.frombuffer(said, dtype=">i2")[known]
    queries, _ = place_queries(facts[:, 1])
    return Panel(facts[:, 0], queries, facts[:, 2], judged, n_left_out)


def _drawn(facts: NDArray[np.int64], *, most: int) -> tuple[NDArray[np.int64], int]:
    """Whole queries up to so many items, in the order of a fixed shuffle of their keys."""
    if len(facts) <= most:
        return facts, 0
    queries, sizes = np.unique(facts[:, 1], return_counts=True)
    order = np.random.default_rng(0).permutation(queries.size)
    kept = queries[order][np.cumsum(sizes[order]) <= most]
    inside = np.isin(facts[:, 1], kept)
    return facts[inside], int((~inside).sum())
