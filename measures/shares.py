"""Intervals of shares: Wilson's, and one for items of which several belong to one query.

Percentiles of a bootstrap fail at the edges (a share of 0 has no spread), where Wilson's interval still says
how large the share may be.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from measures.bootstrap import LEVEL
from measures.tables import Floats, ratio


def wilson(hits: ArrayLike, n: ArrayLike, *, level: float = LEVEL) -> tuple[Floats, Floats]:
    """The score interval (low, high) of shares hits / n, of items that are independent (Wilson 1927).

    With z of the level: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). `n` need not be whole.
    Shapes as the arguments; NaN where n is 0.
    """
    size = np.asarray(n, dtype=np.float64)
    return _score_interval(ratio(np.asarray(hits, dtype=np.float64), size), size, level=level)


def clustered_wilson(hits: ArrayLike, n: ArrayLike, *, level: float = LEVEL) -> tuple[Floats, Floats, Floats]:
    """Shares Σ hits / Σ n with Wilson's interval (share, low, high), for items that go together in queries.

    `hits` and `n` are (Q, ...) by query. Wilson's interval with as many items as would tell as much, were
    they independent: n / deff, the design effect being the variance of a ratio over queries (Cochran 1977,
    §6.4) over p(1 − p)/n, never below 1; and with Student's t of Q − 1 degrees of freedom, n · (z / t)²
    (Korn & Graubard 1998; with Wilson's interval: Dean & Pagano 2015). Where all items are hits, or none,
    nothing tells how far items go together: each query then counts as one item.

    Wilson's own where no query has two items. Ends are NaN where all items are of one query, but for a single
    one. Shapes: (...).
    """
    found, size = np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64)
    total, queries = size.sum(axis=0), (size > 0).sum(axis=0).astype(np.float64)
    share = ratio(found.sum(axis=0), total)
    residuals = np.nan_to_num(found - share * size)
    variance = ratio(queries * (residuals**2).sum(axis=0), (queries - 1) * total**2)
    binomial = ratio(share * (1 - share), total)
    effect = np.where(binomial > 0, np.maximum(ratio(variance, binomial), 1.0), ratio(total, queries))
    alone = total == queries
    expected = np.where(alone, total, ratio(total, effect) * _shrinking(queries, level=level))
    low, high = _score_interval(share, expected, level=level)
    return share, low, high


def _score_interval(share: Floats, n: Floats, *, level: float) -> tuple[Floats, Floats]:
    z = _normal(level)
    size: Floats = np.where(n > 0, n, np.nan)
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2)) / (1 + z**2 / size)
    # The ends are 0 and 1 in exact arithmetic where no item, or every one, is a hit.
    low: Floats = np.where(share == 0, np.where(n > 0, 0.0, np.nan), middle - reach)
    high: Floats = np.where(share == 1, np.where(n > 0, 1.0, np.nan), middle + reach)
    return low, high


def _shrinking(queries: Floats, *, level: float) -> Floats:
    """(z / t of Q − 1)²; NaN with fewer than two queries."""
    several: Floats = np.where(queries > 1, queries, np.nan)
    shrinking: Floats = (_normal(level) / stdtrit(several - 1, (1 + level) / 2)) ** 2
    return shrinking


@cache
def _normal(level: float) -> float:
    return float(ndtri((1 + level) / 2))
