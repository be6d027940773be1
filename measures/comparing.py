"""Two judges on the same items: does one agree with people more than the other?

Queries are what was drawn, so they are what is resampled: the interval of the difference draws queries, the
test swaps the two judges within whole queries. Both need of each judge and query only how far it disagrees
with people and how often it gave each grade, as both judges have met the same reference grades: weighted κ
is 1 − n Σ w·T / Σ w·r·c. So all pairs of many judges are a few matrix products.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from measures.bootstrap import query_weights
from measures.estimates import Estimate, estimate
from measures.tables import Floats, ratio

PERMUTATIONS = 10_000
REPLICATES = 2_000
AT_ONCE = 500
CELLS_AT_ONCE = 4_000_000


class Difference(NamedTuple):
    """κ of two judges over the items that both graded."""

    first: int  # position of the judge
    second: int
    n: int  # items both graded
    n_queries: int
    kappa_first: float
    kappa_second: float
    difference: Estimate  # first minus second
    p: float  # by swapping the two within queries
    p_holm: float  # among all these differences
    only_first_right: int
    only_second_right: int
    p_mcnemar: float


def compare_judges(
    queries: ArrayLike,
    references: ArrayLike,
    judged: ArrayLike,
    pairs: list[tuple[int, int]],
    *,
    weights: ArrayLike,
    permutations: int = PERMUTATIONS,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> list[Difference]:
    """Every pair of judges (columns of `judged`), in order.

    `queries` (N,) and `references` (N,) are positions, `judged` (N, J) the positions of judges' grades,
    negative where there is none. `weights` (K, K) are κ's disagreement weights: 1 off the diagonal for plain
    κ. Two judges without a common item, or with κ undefined on them, have NaN.
    """
    query, reference = np.asarray(queries, dtype=np.int64), np.asarray(references, dtype=np.int64)
    grades, weight = np.asarray(judged), np.asarray(weights, dtype=np.float64)
    n_queries = int(query.max(initial=-1)) + 1
    sides = [_sides(query, reference, grades, pair, weight, n_queries=n_queries) for pair in pairs]
    p_values = _swap_p(sides, weight, n_queries=n_queries, permutations=permutations, seed=seed)
    drawn = _resampled(sides, weight, n_queries=n_queries, replicates=replicates, seed=seed)
    differences = []
    for pair, side, p, values in zip(pairs, sides, p_values, drawn, strict=True):
        kappas = [float(_kappas(each.sum(axis=0), side.rows.sum(axis=0), weight)) for each in side.of]
        right = side.right
        differences.append(
            Difference(
                *pair,
                n=int(side.rows.sum()),
                n_queries=int(side.rows.any(axis=1).sum()),
                kappa_first=kappas[0],
                kappa_second=kappas[1],
                difference=estimate(
                    kappas[0] - kappas[1], values, n_queries=int(side.rows.any(axis=1).sum())
                ),
                p=float(p),
                p_holm=float("nan"),
                only_first_right=right[0],
                only_second_right=right[1],
                p_mcnemar=mcnemar_p(*right),
            )
        )
    return adjusted(differences)


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Two-sided exact p that both are right equally often, from the items where one is (McNemar 1947).

    Twice the smaller tail of Binomial(n, ½), at most 1; NaN where no item tells them apart. It takes items
    for independent, so it is too sure of itself where the items of a query go together.
    """
    n = only_first + only_second
    if n == 0:
        return float("nan")
    return min(1.0, 2 * float(binom.cdf(min(only_first, only_second), n, 0.5)))


def holm(p_values: ArrayLike) -> Floats:
    """p-values adjusted for all of them together, so that any of them is wrong with the chance of one.

    The i-th smallest of m times (m − i + 1), at most 1, never falling (Holm 1979). NaN stays NaN and does
    not count.
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted: Floats = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")[: int((~np.isnan(p)).sum())]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def adjusted(differences: list[Difference]) -> list[Difference]:
    """The same differences with `p_holm` among these alone: a family of their own."""
    together = holm([each.p for each in differences])
    return [each._replace(p_holm=float(p)) for each, p in zip(differences, together, strict=True)]


class _Sides(NamedTuple):
    """Two judges by query: people's grades (Q, K), and of each judge (Q, 1 + K): disagreement, grades."""

    rows: Floats
    of: tuple[Floats, Floats]
    right: tuple[int, int]  # items on which only the first, only the second is right


def _sides(
    query: NDArray[np.int64],
    reference: NDArray[np.int64],
    grades: NDArray[np.int64],
    pair: tuple[int, int],
    weight: Floats,
    *,
    n_queries: int,
) -> _Sides:
    n_grades = len(weight)
    first, second = grades[:, pair[0]], grades[:, pair[1]]
    both = (first >= 0) & (second >= 0) & (reference >= 0)
    q, h = query[both], reference[both]
    said = [each[both].astype(np.int64) for each in (first, second)]

    def counts(grade: NDArray[np.int64]) -> Floats:
        cells = np.bincount(q * n_grades + grade, minlength=n_queries * n_grades)
        table: Floats = cells.reshape(n_queries, n_grades).astype(np.float64)
        return table

    of = [
        np.hstack([np.bincount(q, weights=weight[h, j], minlength=n_queries)[:, None], counts(j)])
        for j in said
    ]
    right = [each == h for each in said]
    only = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return _Sides(counts(h), (of[0], of[1]), only)


def _kappas(of: Floats, rows: Floats, weight: Floats) -> Floats:
    """κ (...) of disagreement and grades (..., 1 + K) beside people's grades (..., K)."""
    expected = ((rows @ weight) * of[..., 1:]).sum(axis=-1)
    return 1.0 - ratio(rows.sum(axis=-1) * of[..., 0], expected)


def _swap_p(sides: list[_Sides], weight: Floats, *, n_queries: int, permutations: int, seed: int) -> Floats:
    """p of each pair: how often two judges swapped in half of the queries lie as far apart.

    How far is the difference of κ over its own standard error: two judges may be alike in κ and yet be no
    copies of each other, and only so the test keeps its size then (Janssen 1997; Chung & Romano 2013). With
    the one drawn first counted in (Phipson & Smyth 2010).
    """
    if not sides:
        return np.zeros(0)
    generator = np.random.default_rng(seed)
    rows = np.stack([side.rows for side in sides], axis=1)  # (Q, pairs, K)
    both = np.stack([side.of[0] + side.of[1] for side in sides], axis=1)  # (Q, pairs, 1 + K)
    gaps = np.stack([side.of[0] - side.of[1] for side in sides], axis=1)
    standing = np.concatenate([both, rows], axis=2)
    crossed = np.einsum("qpi,qpj->qpij", standing, gaps)
    sums = _Sums(
        rows.sum(axis=0),
        both.sum(axis=0),
        np.einsum("qpi,qpj->pij", standing, standing),
        np.einsum("qpi,qpj->pij", gaps, gaps),
    )
    observed = _far(gaps.sum(axis=0)[None], crossed.sum(axis=0)[None], sums, weight)[0]
    flat = np.hstack([gaps.reshape(n_queries, -1), crossed.reshape(n_queries, -1)]).astype(np.float32)
    n_as_far = np.zeros(len(sides))
    at_once = max(1, CELLS_AT_ONCE // flat.shape[1])
    for start in range(0, permutations, at_once):
        n = min(at_once, permutations - start)
        signs = generator.integers(0, 2, size=(n, n_queries), dtype=np.int8).astype(np.float32) * 2 - 1
        drawn = (signs @ flat).astype(np.float64)
        moved, cross = np.split(drawn, [gaps[0].size], axis=1)
        far = _far(moved.reshape(n, *gaps.shape[1:]), cross.reshape(n, *crossed.shape[1:]), sums, weight)
        n_as_far += (far >= observed - 1e-9).sum(axis=0)
    p: Floats = np.where(np.isnan(observed), np.nan, (1 + n_as_far) / (1 + permutations))
    return p


class _Sums(NamedTuple):
    """What swapping does not change, by pair: sums over queries, and of products over queries."""

    rows: Floats  # (pairs, K) people's grades
    both: Floats  # (pairs, 1 + K) of the two judges together
    standing: Floats  # (pairs, 1 + 2K, 1 + 2K) products of [both, rows]
    gaps: Floats  # (pairs, 1 + K, 1 + K) products of the judges' difference


def _far(moved: Floats, cross: Floats, sums: _Sums, weight: Floats) -> Floats:
    """|difference of κ| / its standard error (b, pairs) for swaps with these sums of signs × gaps.

    By query, one side is (both + sign · gap) / 2 and the other (both − sign · gap) / 2. κ's difference is, to
    first order, Σ_q of a linear form of [both, rows] and of sign · gap, whose squares add up to its variance.
    """
    one, other = (sums.both + moved) / 2, (sums.both - moved) / 2
    gradients = [_gradients(side, sums.rows, weight) for side in (one, other)]
    (of_one, rows_one), (of_other, rows_other) = gradients
    standing = np.concatenate([(of_one - of_other) / 2, rows_one - rows_other], axis=-1)
    gap = (of_one + of_other) / 2
    variance = (
        np.einsum("bpi,pij,bpj->bp", standing, sums.standing, standing, optimize=True)
        + np.einsum("bpi,pij,bpj->bp", gap, sums.gaps, gap, optimize=True)
        + 2 * np.einsum("bpi,bpij,bpj->bp", standing, cross, gap, optimize=True)
    )
    apart = np.abs(_kappas(one, sums.rows, weight) - _kappas(other, sums.rows, weight))
    far = ratio(apart, np.sqrt(np.maximum(variance, 0.0)))
    return np.where(apart < 1e-12, 0.0, np.where(np.isnan(far) & ~np.isnan(apart), np.inf, far))


def _gradients(of: Floats, rows: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """κ's derivatives by [disagreement, judge's grades] (..., 1 + K) and by people's grades (..., K)."""
    n, disagreement = rows.sum(axis=-1)[..., None], of[..., :1]
    expected = ((rows @ weight) * of[..., 1:]).sum(axis=-1)[..., None]
    pull = ratio(n * disagreement, expected**2)
    by_judge = np.concatenate([-ratio(n + 0 * expected, expected), pull * (rows @ weight)], axis=-1)
    by_people = -ratio(disagreement + 0 * expected, expected) + pull * (of[..., 1:] @ weight.T)
    return by_judge, by_people


def _resampled(
    sides: list[_Sides], weight: Floats, *, n_queries: int, replicates: int, seed: int
) -> list[Floats]:
    """Differences of κ (B,) of each pair in the same draws of queries."""
    if not sides or n_queries < 2:
        return [np.full(replicates, np.nan) for _ in sides]
    n_grades = len(weight)
    stacked = np.stack([np.hstack([side.rows, *side.of]) for side in sides], axis=1)
    flat = stacked.reshape(n_queries, -1).astype(np.float32)
    parts = []
    for drawn in query_weights(n_queries, replicates=replicates, seed=seed):
        for start in range(0, len(drawn), AT_ONCE):
            sums = drawn[start : start + AT_ONCE].astype(np.float32) @ flat
            cells = sums.reshape(len(sums), len(sides), -1).astype(np.float64)
            rows, one, other = np.split(cells, [n_grades, 2 * n_grades + 1], axis=2)
            parts.append(_kappas(one, rows, weight) - _kappas(other, rows, weight))
    return list(np.concatenate(parts).T)
