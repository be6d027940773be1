"""Decision rules: how a judge's probabilities or scores become one grade each.

Probabilities are tables (N, K) over the grades in ascending order; decisions are grade positions (N,).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.tables import Floats, Values, grade_values

Positions = NDArray[np.int64]
DISTANCES = ("nominal", "positions", "values")


def argmax(probs: ArrayLike) -> Positions:
    """The likeliest grade, the lower of equally likely ones. ValueError for rows that are no chances."""
    positions: Positions = _checked(probs).argmax(axis=1)
    return positions


def expected_rounded(probs: ArrayLike, values: Values) -> Positions:
    """The grade whose value is nearest to Σ p·v, the lower of two as near. Errors as for `argmax`."""
    grades = grade_values(values)
    expected = _checked(probs) @ grades
    middles = (grades[1:] + grades[:-1]) / 2
    return np.searchsorted(middles, expected - 1e-12, side="right")


def frechet_mean(probs: ArrayLike, distances: ArrayLike) -> Positions:
    """The grade k with the least Σ_j p_j d(j, k)², the lower of two as good (Fréchet 1948).

    `distances` (K, K) say how far grades lie apart. With nominal distances it is `argmax`, with values
    `expected_rounded`. Errors as for `argmax`.
    """
    losses: Floats = _checked(probs) @ np.asarray(distances, dtype=np.float64) ** 2
    positions: Positions = np.round(losses, 12).argmin(axis=1)
    return positions


def distance_matrix(values: Values, kind: str) -> Floats:
    """Distances (K, K): "nominal" (0 or 1), "positions" (steps of the scale) or "values".

    ValueError for another kind.
    """
    grades = grade_values(values)
    places = np.arange(grades.size, dtype=np.float64)
    if kind == "nominal":
        return 1.0 - np.eye(grades.size)
    if kind not in DISTANCES:
        raise ValueError(f"“{kind}” is no distance; choose one of {', '.join(DISTANCES)}.")
    of = grades if kind == "values" else places
    gaps: Floats = np.abs(of[:, None] - of[None, :])
    return gaps


def quantile_matched(scores: ArrayLike, shares: ArrayLike) -> Positions:
    """Grades dealt out by score so that each takes its share: the lowest scores get the lowest grade.

    `shares` (K,) add up to 1. Items with the same score get the same grade, that of their midrank.
    ValueError for shares that are none.
    """
    score, share = np.asarray(scores, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if (share < 0).any() or abs(share.sum() - 1) > 1e-6:
        raise ValueError("Shares must be 0 or more and add up to 1.")
    _, place, n = np.unique(score, return_inverse=True, return_counts=True)
    midranks = (np.cumsum(n) - n / 2)[place] / max(1, score.size)
    return np.searchsorted(np.cumsum(share)[:-1], midranks, side="right")


def _checked(probs: ArrayLike) -> Floats:
    table = np.asarray(probs, dtype=np.float64)
    if table.ndim != 2 or (table < 0).any() or (np.abs(table.sum(axis=1) - 1) > 1e-6).any():
        raise ValueError("Probabilities are a table (N, K) of numbers from 0 whose rows add up to 1.")
    return table
