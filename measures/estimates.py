"""A measure's value with its interval: the one form in which figures leave this package."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from measures.bootstrap import LEVEL, Tally, bootstrap, percentile_interval
from measures.tables import Floats, Tables


class Estimate(NamedTuple):
    """A measure's value with its 95 % interval; NaN where undefined."""

    value: float
    low: float
    high: float


UNDEFINED = Estimate(float("nan"), float("nan"), float("nan"))


def estimate(value: float, replicates: Floats, *, n_queries: int) -> Estimate:
    """The value with the interval of its replicates (B,) over this many queries; UNDEFINED for NaN."""
    if np.isnan(value):
        return UNDEFINED
    return Estimate(value, *percentile_interval(replicates, n_queries=n_queries))


def estimate_varied(value: float, replicates: Floats, *, n_queries: int) -> Estimate:
    """As `estimate`, but with no interval where all replicates are alike.

    Resamples of items that are all alike never differ, and so cannot tell how far others would.
    """
    found = estimate(value, replicates, n_queries=n_queries)
    return found if found.low != found.high else Estimate(value, float("nan"), float("nan"))


def estimate_by_spread(
    value: float, replicates: Floats, *, n_queries: int, bounds: tuple[float, float]
) -> Estimate:
    """The value ± t · the standard deviation of its replicates (B,), within `bounds`; UNDEFINED for NaN.

    For measures of two orders: resampling adds noise to both, so that replicates lie below the value and
    their percentiles would leave it out (Efron & Tibshirani 1993, §13.3). Read it as: how far the value
    would move with as many other queries. NaN ends where percentiles would have them.
    """
    low, high = percentile_interval(replicates, n_queries=n_queries)
    if np.isnan(value):
        return UNDEFINED
    if np.isnan(low) or np.isnan(high):
        return Estimate(value, low, high)
    reach = -stdtrit(n_queries - 1, (1 - LEVEL) / 2) * float(np.nanstd(replicates))
    return Estimate(value, max(bounds[0], value - reach), min(bounds[1], value + reach))


def estimate_tallies(
    tallies: Sequence[Tally], *, replicates: int, seed: int = 0
) -> list[dict[str, Estimate]]:
    """Each tally's measures, by name, over the sum of its queries, with intervals from shared draws.

    A tally's intervals are those of as many queries as have any count in it.
    """
    resampled = bootstrap(tallies, replicates=replicates, seed=seed)
    found = []
    for tally, results in zip(tallies, resampled, strict=True):
        total = tally.per_query.sum(axis=0)
        n_queries = n_with_counts(tally)
        found.append(
            {
                name: estimate(float(measure(total)), results[name], n_queries=n_queries)
                for name, measure in tally.measures.items()
            }
        )
    return found


def estimate_together(
    tables: Sequence[Tables],
    measures: Mapping[str, Callable[[Tables], Floats]],
    *,
    asked: Sequence[NDArray[np.bool_]],
    replicates: int,
    seed: int = 0,
) -> list[dict[str, Estimate]]:
    """Measures of many judges' tables (Q, K, K) over the same queries, each with its interval.

    `asked` (Q,) are the queries that are drawn from for each judge. Those asked the same ones are measured as
    one table (Q, J, K, K), which is much faster; each figure is what its judge alone would have.
    """
    alike: dict[bytes, list[int]] = {}
    for position, queries in enumerate(asked):
        alike.setdefault(queries.tobytes(), []).append(position)
    found: list[dict[str, Estimate]] = [{} for _ in tables]
    for positions in alike.values():
        together = np.stack([tables[i][asked[positions[0]]] for i in positions], axis=1)
        (resampled,) = bootstrap([Tally(together, measures)], replicates=replicates, seed=seed)
        sums = together.sum(axis=0)
        for name, measure in measures.items():
            for i, value, drawn in zip(positions, measure(sums), resampled[name].T, strict=True):
                found[i][name] = estimate(float(value), drawn, n_queries=len(together))
    return found


def n_with_counts(tally: Tally) -> int:
    """How many queries have any count in the tally."""
    return int(tally.per_query.any(axis=tuple(range(1, tally.per_query.ndim))).sum())
