"""How alike two orders of the same systems are: by people's grades, and by a judge's.

Systems stand in the order of their scores, higher is better. `reference` is the order to be reproduced,
`other` the one that is judged; both are (N,) or (B, N), for B bootstrap replicates; the result is (B,), or
of no dimension. N is some hundred at most: pairs are counted, (N, N) for each replicate.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from scipy.stats import t as student

from measures.tables import Floats, ratio

PAIRS_AT_ONCE = 1_000_000
P = 0.9
"""Persistence of RBO: 86 % of the weight lies on the first ten systems."""


class Inversion(NamedTuple):
    """Two systems (positions) that the orders put the other way round, and how far apart each puts them."""

    better: int  # in the reference
    worse: int
    reference_gap: float
    other_gap: float


class PairAgreement(NamedTuple):
    """Pairs of systems, by which label set finds a significant difference (Moffat, Scholer & Thomas 2012)."""

    n_pairs: int
    alike: int  # both find one, in the same direction: active agreement
    contradict: int  # both find one, in opposite directions: active disagreement
    only_reference: int
    only_other: int
    neither: int


def kendall_tau(reference: ArrayLike, other: ArrayLike) -> Floats:
    """Kendall's τ-b, ties taken out (Kendall 1945). NaN where one side has one score only."""
    one, two, is_single = _batches(reference, other)
    tau: Floats = np.full(len(one), np.nan)
    for rows in _chunks(one):
        a, b = _signs(one[rows]), _signs(two[rows])
        agree = np.einsum("bij,bij->b", a, b)
        spread = [np.einsum("bij,bij->b", each, each).astype(np.float64) for each in (a, b)]
        tau[rows] = ratio(agree.astype(np.float64), np.sqrt(spread[0] * spread[1]))
    return tau[0] if is_single else tau


def tau_ap(reference: ArrayLike, other: ArrayLike) -> Floats:
    """τ_AP: τ that minds the top (Yilmaz, Aslam & Robertson 2008): 2/(N−1) Σ_{i≥2} C(i)/(i−1) − 1.

    Systems are walked in the order of `other`; C(i) is how many above the i-th are above it in `reference`
    too. Systems tied in `other` stand above each other by half, and a pair tied in `reference` is half
    right; the sum is over the systems with any above them. NaN for fewer than two systems.
    """
    one, two, is_single = _batches(reference, other)
    found: Floats = np.full(len(one), np.nan)
    if one.shape[1] < 2:
        return found[0] if is_single else found
    itself = np.eye(one.shape[1], dtype=np.float32) / 2
    for rows in _chunks(one):
        above = (1 - _signs(two[rows])) / 2 - itself  # [b, i, j]: how far j is above i
        right = (1 - _signs(one[rows])) / 2
        n_above = above.sum(axis=2, dtype=np.float64)
        shares = ratio((above * right).sum(axis=2, dtype=np.float64), n_above)
        n_walked = (n_above > 0).sum(axis=1)
        found[rows] = (
            2 * ratio(np.where(n_above == 0, 0.0, shares).sum(axis=1), n_walked.astype(np.float64)) - 1
        )
    return found[0] if is_single else found


def spearman_rho(reference: ArrayLike, other: ArrayLike) -> Floats:
    """Spearman's ρ with midranks (Spearman 1904). NaN where one side has one score only."""
    one, two, is_single = _batches(reference, other)
    ranks = [rankdata(each, axis=1) for each in (one, two)]
    centred = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    covariance = (centred[0] * centred[1]).sum(axis=1)
    rho = ratio(covariance, np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1)))
    return rho[0] if is_single else rho


def rbo(reference: ArrayLike, other: ArrayLike, *, p: float = P) -> Floats:
    """Rank-biased overlap of two full orders, extrapolated (Webber, Moffat & Zobel 2010, equation 32).

    RBO = X_N / N · p^N + (1 − p) / p · Σ_d X_d / d · p^d, X_d the overlap of the first d. Ties stand in the
    order of position. 1 is the same order; what is high says most about the first 1 / (1 − p) systems.
    """
    one, two, is_single = _batches(reference, other)
    n = one.shape[1]
    places = [np.argsort(np.argsort(-each, axis=1, kind="stable"), axis=1) for each in (one, two)]
    from_depth = np.maximum(places[0], places[1])  # a system is in both tops from this depth on
    flat = from_depth + n * np.arange(len(one))[:, None]
    overlap = np.bincount(flat.ravel(), minlength=n * len(one)).reshape(len(one), n).cumsum(axis=1)
    depth = np.arange(1, n + 1)
    sums = (overlap / depth * p**depth).sum(axis=1)
    found: Floats = overlap[:, -1] / n * p**n + (1 - p) / p * sums
    return found[0] if is_single else found


def inversions(reference: ArrayLike, other: ArrayLike, *, most: int = 10) -> list[Inversion]:
    """The pairs that the two orders put the other way round, the largest product of gaps first."""
    one, two = np.asarray(reference, dtype=np.float64), np.asarray(other, dtype=np.float64)
    gaps = one[:, None] - one[None, :], two[:, None] - two[None, :]
    better, worse = np.nonzero((gaps[0] > 0) & (gaps[1] < 0))
    sizes = gaps[0][better, worse] * -gaps[1][better, worse]
    order = np.argsort(-sizes, kind="stable")[:most]
    return [
        Inversion(int(i), int(j), float(gaps[0][i, j]), float(-gaps[1][i, j]))
        for i, j in zip(better[order], worse[order], strict=True)
    ]


def paired_t_p(scores: ArrayLike) -> Floats:
    """Two-sided p of a paired t test for every two systems: (N, Q) scores by query → (N, N).

    1 where two systems have the same scores. NaN with fewer than two queries.
    """
    table = np.asarray(scores, dtype=np.float64)
    n_systems, n_queries = table.shape
    if n_queries < 2:
        return np.full((n_systems, n_systems), np.nan)
    means = table.mean(axis=1)
    covariance = np.cov(table).reshape(n_systems, n_systems)
    variances = np.diag(covariance)
    spread = np.sqrt(np.maximum(variances[:, None] + variances[None, :] - 2 * covariance, 0) / n_queries)
    gaps = np.abs(means[:, None] - means[None, :])
    moved = spread > 1e-12
    t = np.divide(gaps, spread, out=np.where(gaps > 1e-12, np.inf, 0.0), where=moved)
    p: Floats = 2 * student.sf(t, n_queries - 1)
    return p


def pair_agreement(reference: ArrayLike, other: ArrayLike, *, alpha: float = 0.05) -> PairAgreement:
    """How often two label sets find the same significant differences: (N, Q) scores by query of each."""
    one, two = np.asarray(reference, dtype=np.float64), np.asarray(other, dtype=np.float64)
    above = np.triu_indices(len(one), 1)
    differ = [paired_t_p(each)[above] < alpha for each in (one, two)]
    signs = [np.sign(each.mean(axis=1)[:, None] - each.mean(axis=1)[None, :])[above] for each in (one, two)]
    both = differ[0] & differ[1]
    alike = both & (signs[0] == signs[1])
    return PairAgreement(
        n_pairs=len(above[0]),
        alike=int(alike.sum()),
        contradict=int((both & ~alike).sum()),
        only_reference=int((differ[0] & ~differ[1]).sum()),
        only_other=int((differ[1] & ~differ[0]).sum()),
        neither=int((~differ[0] & ~differ[1]).sum()),
    )


def _batches(reference: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats, bool]:
    one, two = np.asarray(reference, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if one.shape != two.shape or one.ndim not in (1, 2):
        raise ValueError("Two orders are arrays (N,) or (B, N) of the same shape.")
    return np.atleast_2d(one), np.atleast_2d(two), one.ndim == 1


def _chunks(scores: Floats) -> list[slice]:
    at_once = max(1, PAIRS_AT_ONCE // max(1, scores.shape[1] ** 2))
    return [slice(start, start + at_once) for start in range(0, len(scores), at_once)]


def _signs(scores: Floats) -> NDArray[np.float32]:
    """[b, i, j] = sign of score i − score j."""
    signs: NDArray[np.float32] = np.sign(scores[:, :, None] - scores[:, None, :]).astype(np.float32)
    return signs
