"""Shares of items asked repeatedly, how far two lie apart, and the smallest change that can be seen."""

from math import asin, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import binom

from measures.bootstrap import LEVEL
from measures.estimates import UNDEFINED, Estimate
from measures.shares import wilson

POWER = 0.8
ALPHA = 0.05

DISCORDANCE = 0.2
"""Share of items whose answer changes between two cells, one way or the other, unless a plan says better."""

INTRA_ITEM = 0.5
"""Correlation of an item's changes between repeats, unless a plan says better; 1: repeats add nothing."""


def clustered_share(successes: ArrayLike, asked: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """A share with an interval over items, from each item's successes (N,) out of so many answers (N,).

    p = Σ k / Σ n; Wilson's interval for as many independent answers as tell as much as these do: Σ n over the
    design effect Σ (k − n p)² / (Σ n · p(1 − p)) (Rao & Scott 1992; Korn & Graubard 1998), at least as many
    as there are items and at most Σ n. With one answer an item that is Wilson's own. Where all are alike and
    so no effect can be seen, an item counts once. UNDEFINED without answers.
    """
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(asked, dtype=np.float64)
    total, n_items = float(n.sum()), float((n > 0).sum())
    if not total:
        return UNDEFINED
    p = float(k.sum()) / total
    spread = float(((k - n * p) ** 2).sum())
    effective = total * total * p * (1 - p) / spread if spread > 0 else n_items
    effective = min(max(effective, n_items), total)
    low, high = wilson(p * effective, effective, level=level)
    return Estimate(p, float(low), float(high))


def cohen_h(first: float, second: float) -> float:
    """Cohen's h = 2 asin √second − 2 asin √first (Cohen 1988, §6.2): 0.2 small, 0.5 middling, 0.8 large."""
    return 2 * asin(sqrt(second)) - 2 * asin(sqrt(first))


def mcnemar_mid_p(only_first: int, only_second: int) -> float:
    """McNemar's two-sided mid-p: the exact one less the chance of just this split (Fagerland et al. 2013).

    NaN where no item tells them apart.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return float("nan")
    exact = 2 * float(binom.cdf(fewer, n, 0.5))
    return min(1.0, exact - float(binom.pmf(fewer, n, 0.5)))


def smallest_paired_difference(
    n_items: int,
    *,
    n_tests: int = 1,
    discordance: float = DISCORDANCE,
    repeats: int = 1,
    intra_item: float = INTRA_ITEM,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float:
    """The smallest change of a share, asked of the same items twice, that is found with this power.

    Δ solves √n Δ = z_{1−α/2} √ψ + z_power √(ψ − Δ²) for discordance ψ (Connor 1987), α over `n_tests`
    (Bonferroni). R repeats whose changes correlate by ρ within an item make n into n R / (1 + (R − 1) ρ).
    No change exceeds its discordance: where Δ would, ψ = Δ, all of them going one way. NaN where even a
    change of every item would not be found.
    """
    n = n_items * repeats / (1 + (repeats - 1) * intra_item)
    a, b = _quantiles(alpha / n_tests, power)
    if n < a * a:
        return float("nan")
    found = _larger_root(n + b * b, a * sqrt(discordance * n), discordance * (a * a - b * b))
    if found > discordance:
        found = _larger_root(n + b * b, a * sqrt(n), a * a - b * b) ** 2
    return found


def smallest_unpaired_difference(
    n_items: int, *, share: float = 0.75, n_tests: int = 1, alpha: float = ALPHA, power: float = POWER
) -> float:
    """The same for two samples of so many items each, around a share p: (z_{1−α/2} + z_power) √(2 p(1−p)/n).

    (Fleiss, Levin & Paik 2003, §4.2, equal variances.) Pairing gains what this loses.
    """
    if not n_items > 0:
        return float("nan")
    return sum(_quantiles(alpha / n_tests, power)) * sqrt(2 * share * (1 - share) / n_items)


def smallest_difference(
    error: float, *, n_tests: int = 1, alpha: float = ALPHA, power: float = POWER
) -> float:
    """The smallest change found with this power for a known standard error: (z_{1−α/2} + z_power) · error."""
    return sum(_quantiles(alpha / n_tests, power)) * error


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    return float(ndtri(1 - alpha / 2)), float(ndtri(power))


def _larger_root(square: float, half: float, rest: float) -> float:
    """The larger x with square x² − 2 half x + rest = 0."""
    return (half + sqrt(half * half - square * rest)) / square
