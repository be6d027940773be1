"""All judges on all items side by side: one small whole number for each item and judge.

A million verdicts are a megabyte. Beyond MOST_CELLS whole queries are drawn, in an order that their ids give,
and the panel says so.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judges.models import Outcome
from reports.counts import place_queries
from reports.reading import UNGRADED, References, read_verdicts
from reports.runs import JudgeRuns
from reports.scope import Scope
from reports.slices import references_in

NO_VERDICT, ABSTAINED, FAILED, SCORED = -1, -2, -3, -4
MOST_CELLS = 50_000_000

CODES = np.array(
    [{Outcome.ABSTAINED: ABSTAINED, Outcome.SCORED: SCORED}.get(each, FAILED) for each in UNGRADED]
)


class Panel(NamedTuple):
    """Items with a reference, by item id."""

    items: NDArray[np.int64]  # (N,) keys
    queries: NDArray[np.int64]  # (N,) positions
    references: NDArray[np.int64]  # (N,) positions of grades
    judged: NDArray[np.int8]  # (N, J) positions of grades, or one of the negative codes above
    n_left_out: int  # items of queries that were not drawn


def read_panel(project_id: int, judges: Sequence[JudgeRuns], *, scope: Scope) -> Panel:
    """The panel of these judges, in order, over the items of the scope."""
    references = references_in(project_id, scope)
    kept = _drawn(references, most=MOST_CELLS // max(1, len(judges)))
    n_left_out = int((~kept).sum())
    references = references.only(kept) if n_left_out else references
    judged = np.full((len(references.items), len(judges)), NO_VERDICT, dtype=np.int8)
    column = {each.ids[0]: place for place, each in enumerate(judges)}
    for said in read_verdicts(judges, references, values=scope.values):
        codes = np.where(said.codes >= 0, said.codes, CODES[np.where(said.codes >= 0, 0, -1 - said.codes)])
        judged[said.places, column[said.judged.ids[0]]] = codes
    queries, _ = place_queries(references.queries)
    return Panel(references.items, queries, references.grades, judged, n_left_out)


def _drawn(references: References, *, most: int) -> NDArray[np.bool_]:
    """Which items to take (N,): whole queries up to so many, in a fixed shuffle of their keys."""
    if len(references.items) <= most:
        return np.ones(len(references.items), dtype=bool)
    queries, sizes = np.unique(references.queries, return_counts=True)
    order = np.random.default_rng(0).permutation(queries.size)
    kept = queries[order][np.cumsum(sizes[order]) <= most]
    return np.isin(references.queries, kept)
