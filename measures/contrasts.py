"""Did the answers change from one cell of an experiment to another? Paired within item.

Items are what was drawn. An item's change is its share of correct answers in the second cell minus that in
the first, so repeats of one item are one observation. Whether nothing changed is tested by McNemar's exact
test (one answer an item and cell) or by flipping the signs of items' changes; whether the change is shown to
be small, by two one-sided tests (Schuirmann 1987). "No effect was found" is never "there is no effect".
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from measures.adjusting import bonferroni
from measures.bootstrap import REPLICATES, percentile_interval, query_weights
from measures.comparing import holm, mcnemar_p
from measures.estimates import UNDEFINED, Estimate
from measures.proportions import cohen_h
from measures.tables import Floats, ratio

PERMUTATIONS = 10_000
SIGNIFICANT = 0.05
MARGIN = 0.05
"""Changes within ± this are as good as none, if shown to be so."""
COLLAPSE = 0.10
"""A significant fall of at least this is a collapse."""
EQUIVALENCE_LEVEL = 0.90
"""Two one-sided tests at 5 % are the same as an interval of 90 % within the margin."""
CELLS_AT_ONCE = 500_000
NEAR = 1e-3
"""Sums as near as this are the same: less than a step of 1/R, more than what float32 rounds off."""


class Conclusion(StrEnum):
    IMMUNE = "immune"
    COLLAPSED = "collapsed"
    DEGRADED = "degraded"
    IMPROVED = "improved"
    INCONCLUSIVE = "inconclusive"


class Change(NamedTuple):
    """From the first cell to the second; shares, so that −0.2 is 20 points. NaN where undefined."""

    n_items: int  # with an answer in both cells
    n_dropped: int  # with an answer in one of them alone
    first: float  # share of correct answers over these items, each item counting once
    second: float
    difference: Estimate  # second minus first, 95 % from resampled items
    lost: int  # b: items right more often in the first cell
    gained: int  # c: items right more often in the second
    h: float
    odds_ratio: float  # gained / lost; NaN where none was lost
    p: float  # that nothing changed
    p_equivalence: float  # that the change is not within the margin
    equivalence: tuple[float, float]  # 90 % interval of the same test
    p_holm: float = float("nan")  # the next three over all changes of a family
    p_bonferroni: float = float("nan")
    p_equivalence_holm: float = float("nan")
    conclusion: Conclusion = Conclusion.INCONCLUSIVE


class Side(NamedTuple):
    """One cell of each comparison: correct answers and answers (M, N) of M comparisons on N items."""

    right: Floats
    asked: Floats


def compare_sides(
    first: Side,
    second: Side,
    *,
    replicates: int = REPLICATES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> list[Change]:
    """The change of each comparison, in order, before any is adjusted for the others.

    All share one set of draws of the N items, which is one matrix product; so do the flips of signs. An item
    without an answer on one side is dropped from that comparison and counted.
    """
    asked_twice = (first.asked > 0) & (second.asked > 0)  # (M, N)
    one_alone = (first.asked > 0) ^ (second.asked > 0)
    shares = [
        np.divide(side.right, side.asked, out=np.zeros(side.right.shape), where=asked_twice)
        for side in (first, second)
    ]
    changes = (shares[1] - shares[0]).T  # (N, M), 0 where dropped
    there = asked_twice.T.astype(np.float64)
    n_items = there.sum(axis=0)
    drawn = _resampled(changes, there, replicates=replicates, seed=seed)
    repeats = np.maximum(
        (first.asked * asked_twice).max(axis=1, initial=0),
        (second.asked * asked_twice).max(axis=1, initial=0),
    )
    flipped = _flip_p(changes[:, repeats > 1], permutations=permutations, seed=seed)
    p_of = dict(zip(np.flatnonzero(repeats > 1).tolist(), flipped.tolist(), strict=True))
    found = []
    for place, n in enumerate(n_items.astype(int).tolist()):
        if not n:
            found.append(_nothing(int(one_alone[place].sum())))
            continue
        change = changes[asked_twice[place], place]
        lost, gained = int((change < -1e-9).sum()), int((change > 1e-9).sum())
        before, after = (float(share[place].sum()) / n for share in shares)
        low, high = percentile_interval(drawn[:, place], n_queries=n)
        p_equivalence, equivalence = equivalent(change, step=1 / float(repeats[place]))
        found.append(
            Change(
                n_items=n,
                n_dropped=int(one_alone[place].sum()),
                first=before,
                second=after,
                difference=Estimate(float(change.mean()), low, high),
                lost=lost,
                gained=gained,
                h=cohen_h(before, after),
                odds_ratio=gained / lost if lost else float("nan"),
                p=p_of.get(place, 1.0 if lost + gained == 0 else mcnemar_p(lost, gained)),
                p_equivalence=p_equivalence,
                equivalence=equivalence,
            )
        )
    return found


def together(changes: list[Change]) -> list[Change]:
    """The same changes adjusted for one another, as one family, each with its conclusion."""
    by_holm, by_bonferroni = holm([each.p for each in changes]), bonferroni([each.p for each in changes])
    equivalence = holm([each.p_equivalence for each in changes])
    adjusted = [
        each._replace(p_holm=float(p), p_bonferroni=float(q), p_equivalence_holm=float(e))
        for each, p, q, e in zip(changes, by_holm, by_bonferroni, equivalence, strict=True)
    ]
    return [each._replace(conclusion=conclude(each)) for each in adjusted]


def conclude(change: Change) -> Conclusion:
    """What an adjusted change comes to.

    Immune only where the equivalence test shows it to lie within the margin, and the whole 95 % interval lies
    there too (2.5 % a side, as trials of equivalence are held to: ICH E9): then it is too small to matter,
    however surely it is there. Else collapsed, degraded or improved where it is significant after Holm; else
    inconclusive.
    """
    low, high = change.difference.low, change.difference.high
    if change.p_equivalence < SIGNIFICANT and low > -MARGIN and high < MARGIN:
        return Conclusion.IMMUNE
    if not change.p_holm < SIGNIFICANT:
        return Conclusion.INCONCLUSIVE
    if change.difference.value > 0:
        return Conclusion.IMPROVED
    fell_far = change.difference.value <= -COLLAPSE + 1e-9
    return Conclusion.COLLAPSED if fell_far else Conclusion.DEGRADED


def equivalent(
    changes: ArrayLike, *, step: float = 1.0, margin: float = MARGIN
) -> tuple[float, tuple[float, float]]:
    """p that the mean change is not within ± margin, and its 90 % interval, from items' changes (N,).

    Two one-sided t-tests (Schuirmann 1987), N − 1 degrees of freedom. Changes come in steps of 1/R for R
    repeats, so with a mean of ±δ their variance is at least δ/R − δ²: with less in the sample (no item
    changed, say) that is taken, as the score test for paired proportions does (Tango 1998). So ten items that
    all stayed prove nothing. NaN with fewer than two items.
    """
    values = np.asarray(changes, dtype=np.float64)
    n = values.size
    if n < 2:
        return float("nan"), (float("nan"), float("nan"))
    mean = float(values.mean())
    variance = max(float(values.var(ddof=1)), margin * step - margin * margin, 0.0)
    error = float(np.sqrt(variance / n))
    reach = float(stdtrit(n - 1, (1 + EQUIVALENCE_LEVEL) / 2)) * error
    if error == 0:
        return float(abs(mean) >= margin), (mean, mean)
    p = float(stdtr(n - 1, (abs(mean) - margin) / error))
    return p, (mean - reach, mean + reach)


def _resampled(changes: Floats, there: Floats, *, replicates: int, seed: int) -> Floats:
    """Mean changes (B, M) over drawn items, as Σ w d / Σ w over those that were not dropped."""
    n_items = len(changes)
    if n_items < 2:
        return np.full((replicates, changes.shape[1]), np.nan)
    patterns, pattern_of = np.unique(there, axis=1, return_inverse=True)  # few: most drop nothing
    sums = np.hstack([changes, patterns]).astype(np.float32)
    parts = []
    for weights in query_weights(n_items, replicates=replicates, seed=seed):
        drawn = weights.astype(np.float32) @ sums
        change, n = np.split(drawn.astype(np.float64), [changes.shape[1]], axis=1)
        parts.append(ratio(change, n[:, pattern_of]))
    return np.concatenate(parts)


def _flip_p(changes: Floats, *, permutations: int, seed: int) -> Floats:
    """p (M,) of each comparison's changes (N, M): how often the sum is as far from 0 with random signs.

    Where nothing changed, an item's change might as well be the other way round, all repeats of it together.
    With the one that was observed counted in (Phipson & Smyth 2010). With bits s for signs the sum is
    Σ (2s − 1) d = 2 Σ s d − Σ d.
    """
    if not changes.size:
        return np.ones(changes.shape[1])
    generator = np.random.default_rng([seed, 1])
    values, total = changes.astype(np.float32), changes.sum(axis=0)
    n_items, n_as_far = len(values), np.zeros(values.shape[1])
    at_once = max(1, CELLS_AT_ONCE // n_items)
    for start in range(0, permutations, at_once):
        n = min(at_once, permutations - start)
        drawn = np.frombuffer(generator.bytes((n * n_items + 7) // 8), dtype=np.uint8)
        bits = np.unpackbits(drawn)[: n * n_items].reshape(n, n_items).astype(np.float32)
        n_as_far += (np.abs(2 * (bits @ values) - total) >= np.abs(total) - NEAR).sum(axis=0)
    p: Floats = (1 + n_as_far) / (1 + permutations)
    return p


def _nothing(n_dropped: int) -> Change:
    nan = float("nan")
    return Change(0, n_dropped, nan, nan, UNDEFINED, 0, 0, nan, nan, nan, nan, (nan, nan))


def sides(right: Floats, asked: Floats, pairs: list[tuple[int, int]]) -> tuple[Side, Side]:
    """Both sides of every pair of cells of every judge, judge by judge, from (J, C, N)."""
    cells: list[NDArray[np.int64]] = [
        np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1)
    ]
    n_items = right.shape[2]
    first, second = (
        Side(right[:, each].reshape(-1, n_items), asked[:, each].reshape(-1, n_items)) for each in cells
    )
    return first, second
