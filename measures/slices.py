"""Is a judge better or worse on some items than on the rest? Differences of κ and bias, over queries.

κ's error is, to first order, a sum over queries of influences (see `measures.budget`). The difference between
a slice and the rest is then a sum over queries too, whether the slice takes whole queries or some items of
each, and its variance that of this sum (Binder 1983; Cochran 1977, §9A).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from measures.bootstrap import LEVEL
from measures.budget import influences
from measures.estimates import UNDEFINED, Estimate
from measures.tables import Floats, as_floats, grade_values

FEWEST_QUERIES = 8
"""With fewer queries in the slice or in the rest no test is made: its normal approximation would not hold."""


class Contrast(NamedTuple):
    """A measure in the slice minus that in the rest; NaN where undefined."""

    difference: Estimate
    p: float  # two-sided


NOTHING = Contrast(UNDEFINED, float("nan"))


def kappa_contrast(inside: ArrayLike, rest: ArrayLike, *, weights: ArrayLike) -> Contrast:
    """κ in the slice minus κ in the rest, tables (Q, K, K) over the same queries, disagreement `weights`."""
    tables = [as_floats(np.asarray(each)) for each in (inside, rest)]
    summed = [each.sum(axis=0) for each in tables]
    moved = [influences(each, weights=weights) for each in summed]
    if any(np.isnan(each).any() for each in moved):
        return NOTHING
    values = [_kappa(each, np.asarray(weights, dtype=np.float64)) for each in summed]
    return _contrast(tables, values, moved)


def bias_contrast(inside: ArrayLike, rest: ArrayLike, *, values: ArrayLike) -> Contrast:
    """Mean signed error in the slice minus that in the rest, tables (Q, K, K) over the same queries."""
    tables = [as_floats(np.asarray(each)) for each in (inside, rest)]
    grades = grade_values(values)
    errors = grades[None, :] - grades[:, None]
    sizes = [each.sum() for each in tables]
    if not all(sizes):
        return NOTHING
    means = [float((each.sum(axis=0) * errors).sum() / n) for each, n in zip(tables, sizes, strict=True)]
    return _contrast(tables, means, [errors - mean for mean in means])


def _contrast(tables: list[Floats], values: list[float], moved: list[Floats]) -> Contrast:
    """From influences (K, K) of one more item in a cell: difference ± t · standard error, and p."""
    if any(int(each.any(axis=(1, 2)).sum()) < FEWEST_QUERIES for each in tables):
        return NOTHING
    by_query = [
        (each * influence).sum(axis=(1, 2)) / each.sum()
        for each, influence in zip(tables, moved, strict=True)
    ]
    sums = by_query[0] - by_query[1]
    n = int((tables[0] + tables[1]).any(axis=(1, 2)).sum())
    fewest = min(int(each.any(axis=(1, 2)).sum()) for each in tables)
    error = float(np.sqrt(n / (n - 1) * (sums**2).sum()))
    value = values[0] - values[1]
    if error == 0:
        return NOTHING
    degrees = fewest - 1
    reach = float(student.ppf((1 + LEVEL) / 2, degrees)) * error
    p = float(2 * student.sf(abs(value) / error, degrees))
    return Contrast(Estimate(value, value - reach, value + reach), p)


def _kappa(table: Floats, weights: Floats) -> float:
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    return float(1 - table.sum() * (table * weights).sum() / (rows @ weights @ columns))


def rank_correlation_sums(amounts: ArrayLike, errors: ArrayLike, queries: ArrayLike) -> Floats:
    """Sums (Q, 6) by query of 1, x, y, x², y², xy for ranks x, y (midranks over all items), centred.

    What `correlation` takes: so that Spearman's ρ can be resampled over queries. Ranks are those among all
    items, not among those drawn, which changes ρ by O(1/n).
    """
    from scipy.stats import rankdata

    x = rankdata(np.asarray(amounts, dtype=np.float64))
    y = rankdata(np.asarray(errors, dtype=np.float64))
    x, y = x - x.mean(), y - y.mean()
    query = np.asarray(queries, dtype=np.int64)
    n_queries = int(query.max(initial=-1)) + 1
    parts = (np.ones(len(x)), x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(query, weights=part, minlength=n_queries) for part in parts], axis=1)


def correlation(sums: Floats) -> Floats:
    """Pearson's r from sums (..., 6) of 1, x, y, x², y², xy; NaN where x or y does not vary."""
    n, x, y, xx, yy, xy = (sums[..., i] for i in range(6))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        found: Floats = np.where(spread > 0, (n * xy - x * y) / np.sqrt(np.maximum(spread, 0)), np.nan)
    return found
