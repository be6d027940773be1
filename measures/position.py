"""Position bias of a judge that compares two candidates: does it choose by place?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from measures.estimates import Estimate
from measures.shares import clustered_wilson


class PositionBias(NamedTuple):
    """Shares of pairs asked in both orders, with intervals."""

    n: int
    consistent: Estimate  # the same candidate in both orders
    first: Estimate  # the one shown first, both times (primacy)
    last: Estimate  # the one shown second, both times (recency)


def position_bias(queries: ArrayLike, in_front: ArrayLike, behind: ArrayLike) -> PositionBias:
    """Shares over pairs (N,): p of one candidate when it is shown first, and when it is shown second.

    It is chosen where p ≥ ½ (Shi et al. 2024, *Judging the Judges*, arXiv:2406.07791: repetition, primacy,
    recency). Intervals: `clustered_wilson` over queries. NaN without pairs.
    """
    query = np.asarray(queries, dtype=np.int64)
    chosen_first, chosen_last = np.asarray(in_front) >= 0.5, np.asarray(behind) >= 0.5
    n_queries = int(query.max(initial=-1)) + 1
    kinds = (chosen_first == chosen_last, chosen_first & ~chosen_last, ~chosen_first & chosen_last)
    hits = np.stack([np.bincount(query[kind], minlength=n_queries) for kind in kinds], axis=1)
    shares = clustered_wilson(hits, np.repeat(hits.sum(axis=1)[:, None], 3, axis=1))
    estimates = [Estimate(*(float(part[kind]) for part in shares)) for kind in range(3)]
    return PositionBias(len(query), *estimates)
