"""Cluster bootstrap over queries: what would come out had we drawn other queries?

Grades of one query go together, so queries are drawn with replacement, not items (Davison & Hinkley 1997,
§3.8; Field & Welsh 2007). A replicate is a row of multiplicities; with per-query counts as a matrix, the
counts of all replicates are one matrix product.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from measures.tables import Floats, Tables

REPLICATES = 10_000
LEVEL = 0.95

MAX_UNDEFINED = 0.05
"""With a larger share of replicates in which the measure is undefined, no interval is given."""

DRAWS_AT_ONCE = 500_000
"""Queries drawn in one chunk (about 16 MB of work space), so that memory does not grow with replicates."""

CELLS_AT_ONCE = 500_000
"""Cells of resampled tables measured at once (about 16 MB of work space): they stay in the cache."""


class Tally(NamedTuple):
    """Counts by query, and the measures to take of their sum over queries."""

    per_query: Tables  # (Q, ...); whole numbers, or weighted counts
    measures: Mapping[str, Callable[[Tables], Floats]]  # each takes tables (b, ...) to values (b, ...)


def bootstrap(tallies: Sequence[Tally], *, replicates: int, seed: int) -> list[dict[str, Floats]]:
    """Each tally's measures, by name, in every replicate: (replicates, ...); NaN where undefined.

    A measure of tables (b, J, K, K) gives values (b, J): many judges of the same queries are one tally.

    All tallies must have the same queries along their first axis, and they share one set of draws. With fewer
    than two queries nothing can be learned about others: every replicate is NaN.
    """
    counts = [exact_floats(tally.per_query) for tally in tallies]
    results = [
        {name: _undefined(measure, each, replicates) for name, measure in tally.measures.items()}
        for tally, each in zip(tallies, counts, strict=True)
    ]
    if len(counts[0]) < 2:
        return results
    done = 0
    for weights in query_weights(len(counts[0]), replicates=replicates, seed=seed):
        in_type = {each.dtype: weights.astype(each.dtype) for each in counts}
        for tally, per_query, result in zip(tallies, counts, results, strict=True):
            typed = in_type[per_query.dtype]
            at_once = max(1, CELLS_AT_ONCE // max(1, math.prod(per_query.shape[1:])))
            for start in range(0, len(weights), at_once):
                tables = resampled(typed[start : start + at_once], per_query)
                rows = slice(done + start, done + start + len(tables))
                for name, measure in tally.measures.items():
                    result[name][rows] = measure(tables)
        done += len(weights)
    return results


def _undefined(
    measure: Callable[[Tables], Floats], per_query: NDArray[np.floating[Any]], replicates: int
) -> Floats:
    """NaN in the shape of all replicates."""
    shape = measure(np.zeros((1, *per_query.shape[1:]), dtype=per_query.dtype)).shape
    return np.full((replicates, *shape[1:]), np.nan)


def query_weights(n_queries: int, *, replicates: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """How often each query is drawn: chunks (b, Q) whose rows each add up to Q, `replicates` rows in all.

    Multinomial with equal chances. The same arguments give the same rows, whatever the size of the chunks.
    """
    at_once = max(1, DRAWS_AT_ONCE // n_queries)
    if replicates <= at_once:
        yield _drawn_before(n_queries, replicates=replicates, seed=seed)
        return
    generator = np.random.default_rng(seed)
    for start in range(0, replicates, at_once):
        yield _draw(generator, min(at_once, replicates - start), n_queries)


@lru_cache(maxsize=4)
def _drawn_before(n_queries: int, *, replicates: int, seed: int) -> NDArray[np.int64]:
    """One chunk that is all: many judges of the same queries ask for the same one."""
    weights = _draw(np.random.default_rng(seed), replicates, n_queries)
    weights.flags.writeable = False
    return weights


def _draw(generator: np.random.Generator, rows: int, n_queries: int) -> NDArray[np.int64]:
    drawn = generator.integers(0, n_queries, size=(rows, n_queries))
    drawn += np.arange(rows)[:, None] * n_queries
    return np.bincount(drawn.ravel(), minlength=rows * n_queries).reshape(rows, n_queries)


def exact_floats(per_query: Tables) -> NDArray[np.floating[Any]]:
    """Counts (Q, ...) in the narrower float type in which every resampled sum of them is exact.

    Weighted counts, which are no whole numbers, stay float64.

    A resampled cell is at most Q times its largest count in one query. Below 2²⁴ float32 holds every partial
    sum exactly and multiplies twice as fast; float64 does so below 2⁵³ (a million grades in each of a
    thousand queries is 10⁹).
    """
    if np.issubdtype(per_query.dtype, np.floating):
        return np.asarray(per_query, dtype=np.float64)
    largest = len(per_query) * int(np.abs(per_query).max(initial=0))
    return per_query.astype(np.float32) if largest < 2**24 else per_query.astype(np.float64)


def resampled(
    weights: NDArray[np.number[Any]], per_query: NDArray[np.floating[Any]]
) -> NDArray[np.floating[Any]]:
    """Counts (b, ...) of the replicates with these weights (b, Q), from `exact_floats` counts (Q, ...)."""
    flat = per_query.reshape(len(per_query), -1)
    sums: NDArray[np.floating[Any]] = weights.astype(per_query.dtype, copy=False) @ flat
    return sums.reshape(len(weights), *per_query.shape[1:])


def percentile_interval(replicates: Floats, *, n_queries: int, level: float = LEVEL) -> tuple[float, float]:
    """The expanded percentile interval of a measure's replicates (B,) over this many queries.

    Plain percentiles (Efron & Tibshirani 1993) are too narrow with few queries, as a normal interval without
    Student's t and Bessel's correction is. The tails are made thinner by just that:
    Φ(−√(Q / (Q − 1)) · t of Q − 1 degrees of freedom) in place of (1 − level)/2 (Hesterberg 2015, *What
    Teachers Should Know About the Bootstrap*, The American Statistician 69).

    Undefined (NaN) replicates are left out; NaN, NaN when they are more than MAX_UNDEFINED of all, or all,
    and with fewer than two queries.
    """
    defined = replicates[~np.isnan(replicates)]
    if n_queries < 2 or defined.size == 0 or defined.size < (1 - MAX_UNDEFINED) * replicates.size:
        return float("nan"), float("nan")
    tail = thin_tail(n_queries, level=level)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def percentile_intervals(
    replicates: Floats, *, n_queries: NDArray[np.int64], level: float = LEVEL
) -> tuple[Floats, Floats]:
    """`percentile_interval` of many measures at once: replicates (B, M) over n_queries (M,), ends (M,)."""
    ordered = np.sort(replicates, axis=0)  # undefined ones last
    n_defined = (~np.isnan(replicates)).sum(axis=0)
    enough = (n_queries > 1) & (n_defined > 0) & (n_defined >= (1 - MAX_UNDEFINED) * len(replicates))
    tails = np.array([thin_tail(int(n), level=level) if n > 1 else 0.0 for n in n_queries])
    low, high = (_interpolated(ordered, share * np.maximum(n_defined - 1, 0)) for share in (tails, 1 - tails))
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def _interpolated(ordered: Floats, places: Floats) -> Floats:
    """Values (M,) at these places of ordered columns (B, M), linear between two."""
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    columns = np.arange(ordered.shape[1])
    share = places - below
    ends: Floats = ordered[below, columns] * (1 - share) + np.where(
        share > 0, ordered[above, columns] * share, 0.0
    )
    return ends


@cache
def thin_tail(n_queries: int, *, level: float = LEVEL) -> float:
    """What to leave out on each side for an interval over this many queries; see `percentile_interval`."""
    expansion = math.sqrt(n_queries / (n_queries - 1))
    return float(ndtr(expansion * stdtrit(n_queries - 1, (1 - level) / 2)))
