"""How many more labels would make an interval as narrow as wished, and where they would help most.

κ is, to first order, a mean over items of an influence: what one more such item would move it by (Hampel
1974). Its spread between queries and within them says what more queries, and more labels a query, would do.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from measures.tables import Floats, as_floats, ratio

LEVEL = 0.95


class Spread(NamedTuple):
    """How κ's error comes about: variances of the influence between and within queries."""

    n: int  # labels with a verdict's grade beside them
    n_queries: int
    between: float
    within: float

    def half_width(self, *, n_queries: float, per_query: float) -> float:
        """Half the 95 % interval of κ with so many queries and labels a query: z √((σ_b² + σ_w²/m) / Q)."""
        variance = (self.between + self.within / per_query) / n_queries
        return float(norm.ppf((1 + LEVEL) / 2) * np.sqrt(variance))


class Need(NamedTuple):
    """Labels in all until the interval is ± target; None where labels of that kind never get there."""

    in_new_queries: int | None  # as many a query as now
    in_same_queries: int | None


def influences(tables: ArrayLike, *, weights: ArrayLike) -> Floats:
    """Influence on weighted κ of one more item in each cell: tables (K, K) → (K, K), mean 0 over the items.

    κ = 1 − D/E, D = Σ w·p, E = Σ w·r·c; so IF_ij = −(w_ij − D)/E + D (Σ_k w_ik c_k + Σ_k w_kj r_k − 2E)/E²
    (the delta method of Fleiss, Cohen & Everitt 1969). NaN where κ is undefined.
    """
    counts, weight = as_floats(np.asarray(tables)), np.asarray(weights, dtype=np.float64)
    shares = ratio(counts, counts.sum())
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = (shares * weight).sum(), rows @ weight @ columns
    of_margins = (weight @ columns)[:, None] + (rows @ weight)[None, :] - 2 * expected
    if not expected > 0:
        return np.full(counts.shape, np.nan)
    found: Floats = -(weight - observed) / expected + observed * of_margins / expected**2
    return found


def spread_of_kappa(per_query: ArrayLike, *, weights: ArrayLike) -> Spread:
    """The spread of κ's influence in tables (Q, K, K), one-way analysis of variance over queries.

    Queries of unequal size by Searle, Casella & McCulloch (1992, §3.6). NaN with fewer than two queries, or
    where no query has two items.
    """
    tables = as_floats(np.asarray(per_query))
    sizes = tables.sum(axis=(1, 2))
    tables, sizes = tables[sizes > 0], sizes[sizes > 0]
    influence = influences(tables.sum(axis=0), weights=weights)
    n, n_queries = sizes.sum(), len(sizes)
    nothing = Spread(int(n), n_queries, float("nan"), float("nan"))
    if n_queries < 2 or n <= n_queries or np.isnan(influence).any():
        return nothing
    sums = (tables * influence).sum(axis=(1, 2))
    squares = (tables * influence**2).sum(axis=(1, 2))
    means = sums / sizes
    within = float((squares - sizes * means**2).sum() / (n - n_queries))
    among = float((sizes * (means - sums.sum() / n) ** 2).sum() / (n_queries - 1))
    typical = (n - (sizes**2).sum() / n) / (n_queries - 1)
    return Spread(int(n), n_queries, max(0.0, (among - within) / typical), within)


def labels_needed(spread: Spread, *, target: float) -> Need:
    """Labels in all until half the interval of κ is at most `target`."""
    if np.isnan(spread.between):
        return Need(None, None)
    per_query = spread.n / spread.n_queries
    z = norm.ppf((1 + LEVEL) / 2)
    queries = (spread.between + spread.within / per_query) * z**2 / target**2
    room = spread.n_queries * target**2 / z**2 - spread.between
    deeper = int(np.ceil(spread.within / room * spread.n_queries)) if room > 0 else None
    return Need(int(np.ceil(max(queries, 2) * per_query)), deeper)


def neyman(sizes: ArrayLike, spreads: ArrayLike, n: int) -> NDArray[np.int64]:
    """How many of `n` to draw from each stratum: in proportion to size × spread (Neyman 1934).

    Never more than a stratum holds; what one cannot take goes to the others. Whole numbers that add up to
    min(n, Σ sizes), the largest remainders rounded up.
    """
    size, spread = np.asarray(sizes, dtype=np.float64), np.asarray(spreads, dtype=np.float64)
    given = np.zeros(size.size)
    left = float(min(n, size.sum()))
    open_ = size > 0
    while left > 1e-9 and open_.any():
        want = np.where(open_, size * np.maximum(spread, 1e-9), 0.0)
        share = left * want / want.sum()
        full = open_ & (given + share >= size)
        take = np.where(full, size - given, share)
        if not full.any():
            given += take
            break
        given[full] = size[full]
        left = min(n, size.sum()) - given.sum()
        open_ &= ~full
    whole = np.floor(given + 1e-9).astype(np.int64)
    missing = int(min(n, size.sum())) - int(whole.sum())
    order = np.argsort(-(given - whole), kind="stable")
    for stratum in order[:missing]:
        whole[stratum] += 1
    return whole
