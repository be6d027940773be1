"""The score table: all that AUC and ρ need to know about one judge's scores.

Scores of all queries stand on one scale. Point values need every distinct score, once over all queries;
the interval needs the queries apart, and there some thousand bins are enough.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_BINS = 1024
"""Up to this many distinct scores the per-query table is exact; beyond, scores share quantile bins."""

MAX_CELLS = 8_000_000
"""Bound on Q × K × S of the per-query table (32 MB): many queries get fewer bins, not under MIN_BINS."""

MIN_BINS = 32


class ScoreTable(NamedTuple):
    """One judge's scores on items with a reference."""

    pooled: NDArray[np.int32]  # (K, D): reference grade × distinct score, ascending, over all queries
    per_query: NDArray[np.int32]  # (Q, K, S): the same by query and score bin; S = D while D ≤ MAX_BINS

    @property
    def n_scored(self) -> int:
        """How many verdicts carry a score."""
        return int(self.pooled.sum())


def score_table(
    queries: ArrayLike, references: ArrayLike, scores: ArrayLike, *, n_queries: int, n_grades: int
) -> ScoreTable:
    """The score table of three arrays (N,): query position, reference position, score.

    Where there are more distinct scores than bins, a bin takes the distinct scores of one quantile of all
    verdicts, so that equal scores are never parted. Infinite scores have their rank like any other.
    ValueError for a score that is NaN and for positions outside the table.
    """
    query, reference = np.asarray(queries, dtype=np.int64), np.asarray(references, dtype=np.int64)
    score = np.asarray(scores, dtype=np.float64)
    _check(query, reference, score, n_queries=n_queries, n_grades=n_grades)
    distinct, position, multiplicity = np.unique(score, return_inverse=True, return_counts=True)
    bin_of_distinct = _bins(multiplicity, _bin_limit(n_queries, n_grades))
    n_bins = int(bin_of_distinct[-1]) + 1 if distinct.size else 0
    return ScoreTable(
        pooled=_tally((reference, position), (n_grades, distinct.size)),
        per_query=_tally((query, reference, bin_of_distinct[position]), (n_queries, n_grades, n_bins)),
    )


def _check(
    query: NDArray[np.int64],
    reference: NDArray[np.int64],
    score: NDArray[np.float64],
    *,
    n_queries: int,
    n_grades: int,
) -> None:
    if not (query.shape == reference.shape == score.shape and score.ndim == 1):
        raise ValueError("Queries, references and scores must be three arrays of the same length.")
    if np.isnan(score).any():
        raise ValueError("A score is NaN; a verdict without a score has no place in a score table.")
    for name, positions, size in (("Query", query, n_queries), ("Reference", reference, n_grades)):
        if positions.size and (positions.min() < 0 or positions.max() >= size):
            raise ValueError(f"{name} positions must lie in 0…{size - 1}.")


def _bin_limit(n_queries: int, n_grades: int) -> int:
    return min(MAX_BINS, max(MIN_BINS, MAX_CELLS // max(1, n_queries * n_grades)))


def _bins(multiplicity: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """The bin of each distinct score, ascending without gaps; at most `limit` bins of about equal mass."""
    if multiplicity.size <= limit:
        return np.arange(multiplicity.size)
    midpoints = np.cumsum(multiplicity) - multiplicity / 2
    quantiles = (midpoints * (limit / multiplicity.sum())).astype(np.int64)
    return np.cumsum(np.diff(quantiles, prepend=quantiles[0]) > 0)


def _tally(positions: tuple[NDArray[np.int64], ...], shape: tuple[int, ...]) -> NDArray[np.int32]:
    cells = np.ravel_multi_index(positions, shape) if positions[0].size else positions[0]
    return np.bincount(cells, minlength=int(np.prod(shape))).astype(np.int32).reshape(shape)
