"""A measure's value with its interval: the one form in which figures leave this package."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from measures.bootstrap import Tally, bootstrap, percentile_interval
from measures.tables import Floats


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


def n_with_counts(tally: Tally) -> int:
    """How many queries have any count in the tally."""
    return int(tally.per_query.any(axis=tuple(range(1, tally.per_query.ndim))).sum())
