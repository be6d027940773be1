"""Many raters as tables of pairs: from per-item counts to tables that every measure of two raters takes.

Per-item counts say how many people gave an item each grade: n_ik, with m_i = Σ_k n_ik. The m_i (m_i − 1)
ordered pairs of values on one item make the symmetric table n_ic n_ik − [c = k] n_ic; an item with one value
has none. Any number of raters, another number on each item, and raters who saw only some items all fit.
Two weights are in use, and they are the whole difference between Krippendorff's α and Fleiss' κ:

- `value_pairs`: every value counts once. `measures.alpha` of its sum is Krippendorff's α for many raters.
- `item_pairs`: every item counts once. `measures.pi` of its sum is Fleiss' κ.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.tables import Floats


def value_pairs(
    item_counts: ArrayLike, queries: ArrayLike, *, n_queries: int, amounts: ArrayLike | None = None
) -> Floats:
    """Tables (Q, K, K) in which each item weighs m_i / 2: half of Krippendorff's coincidences (2011).

    `item_counts` (N, K) are the counts, `queries` (N,) the positions of the items' queries, and `amounts`
    (N,) how many items are alike (one where None). ValueError for counts that are negative or no (N, K).
    """
    counts, query, alike = _checked(item_counts, queries, amounts, n_queries=n_queries)
    m = counts.sum(axis=1)
    return _summed(_ordered_pairs(counts), query, alike / (2 * (m - 1)), n_queries=n_queries)


def item_pairs(
    item_counts: ArrayLike, queries: ArrayLike, *, n_queries: int, amounts: ArrayLike | None = None
) -> Floats:
    """Tables (Q, K, K) in which each item with two values or more weighs 1 (Fleiss 1971).

    Arguments and errors as for `value_pairs`.
    """
    counts, query, alike = _checked(item_counts, queries, amounts, n_queries=n_queries)
    m = counts.sum(axis=1)
    return _summed(_ordered_pairs(counts), query, alike / (m * (m - 1)), n_queries=n_queries)


def _checked(
    item_counts: ArrayLike, queries: ArrayLike, amounts: ArrayLike | None, *, n_queries: int
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """The items with two values or more: counts (N, K), queries (N,), amounts (N,)."""
    counts = np.asarray(item_counts, dtype=np.float64)
    query = np.asarray(queries, dtype=np.int64)
    alike = np.ones(len(query)) if amounts is None else np.asarray(amounts, dtype=np.float64)
    if counts.ndim != 2 or not len(counts) == query.size == alike.size:
        raise ValueError("Per-item counts are a table (N, K), with a query for each of its N rows.")
    if (counts < 0).any() or (alike < 0).any():
        raise ValueError("Counts are never negative.")
    if query.size and not (query.min() >= 0 and query.max() < n_queries):
        raise ValueError(f"Query positions must lie in 0…{n_queries - 1}.")
    several = counts.sum(axis=1) >= 2
    return counts[several], query[several], alike[several]


def _ordered_pairs(counts: Floats) -> Floats:
    """n_ic n_ik − [c = k] n_ic: (N, K) → (N, K, K)."""
    pairs: Floats = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    return pairs


def _summed(
    pairs: Floats, queries: NDArray[np.int64], weights: NDArray[np.floating[Any]], *, n_queries: int
) -> Floats:
    tables: Floats = np.zeros((n_queries, *pairs.shape[1:]))
    np.add.at(tables, queries, pairs * weights[:, None, None])
    return tables
