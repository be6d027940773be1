"""Calibration: when a judge says 0.8, are eight of ten such items relevant?

Predictions are probabilities of "relevant at the cut", arrays (N,) in [0, 1]; `relevant` (N,) says what
people found. A raw score is made a probability by an isotonic map that is fitted on other queries only.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.tables import Floats

N_BINS = 10
FOLDS = 5
LEAST = 1e-15
"""Predictions are kept this far from 0 and 1 before a logarithm is taken."""


class Bin(NamedTuple):
    """Items whose predictions lie in [low, high)."""

    low: float
    high: float
    n: int
    mean_predicted: float
    share_relevant: float


def reliability_bins(predicted: ArrayLike, relevant: ArrayLike, *, n_bins: int = N_BINS) -> list[Bin]:
    """The reliability diagram: bins of equal width, empty ones left out (DeGroot & Fienberg 1983).

    ValueError for predictions outside [0, 1] and for lengths that differ.
    """
    chances, truth = _checked(predicted, relevant)
    place = np.minimum((chances * n_bins).astype(np.int64), n_bins - 1)
    n = np.bincount(place, minlength=n_bins)
    sums = np.bincount(place, weights=chances, minlength=n_bins)
    found = np.bincount(place, weights=truth, minlength=n_bins)
    return [
        Bin(i / n_bins, (i + 1) / n_bins, int(n[i]), float(sums[i] / n[i]), float(found[i] / n[i]))
        for i in range(n_bins)
        if n[i]
    ]


def ece(predicted: ArrayLike, relevant: ArrayLike, *, n_bins: int = N_BINS) -> float:
    """Expected calibration error: Σ n_b / N · |mean prediction − share relevant| (Naeini et al. 2015).

    NaN on no items. Errors as for `reliability_bins`.
    """
    bins = reliability_bins(predicted, relevant, n_bins=n_bins)
    total = sum(each.n for each in bins)
    if not total:
        return float("nan")
    return sum(each.n * abs(each.mean_predicted - each.share_relevant) for each in bins) / total


def brier(predicted: ArrayLike, relevant: ArrayLike) -> float:
    """Mean squared difference of prediction and truth (Brier 1950); 0.25 is what "0.5" always gets.

    NaN on no items. Errors as for `reliability_bins`.
    """
    chances, truth = _checked(predicted, relevant)
    return float(np.mean((chances - truth) ** 2)) if chances.size else float("nan")


def log_loss(predicted: ArrayLike, relevant: ArrayLike) -> float:
    """Mean −ln of the chance that was given to the truth (Good 1952), predictions kept off 0 and 1.

    NaN on no items. Errors as for `reliability_bins`.
    """
    chances, truth = _checked(predicted, relevant)
    if not chances.size:
        return float("nan")
    safe = chances.clip(LEAST, 1 - LEAST)
    return float(-np.mean(truth * np.log(safe) + (1 - truth) * np.log1p(-safe)))


def cross_calibrated(
    scores: ArrayLike, relevant: ArrayLike, queries: ArrayLike, *, folds: int = FOLDS, seed: int = 0
) -> Floats:
    """P(relevant) of each item (N,) from its score, by isotonic regression on the other folds' queries.

    No query is calibrated with its own labels (Zadrozny & Elkan 2002; folds of whole queries). Infinite
    scores count as just outside the finite ones. NaN everywhere with fewer than two queries, and where a
    fold leaves nothing to fit on.
    """
    score, truth = np.asarray(scores, dtype=np.float64), np.asarray(relevant, dtype=np.float64)
    return _cross_fitted(_finite(score), truth[:, None], np.asarray(queries), folds=folds, seed=seed)[:, 0]


def cross_calibrated_grades(
    scores: ArrayLike,
    references: ArrayLike,
    queries: ArrayLike,
    *,
    n_grades: int,
    folds: int = FOLDS,
    seed: int = 0,
) -> Floats:
    """Probabilities of all grades (N, K) from scores: an isotonic map for each P(reference ≥ k), as above.

    The K − 1 maps are made to fall with k; their differences are the grades' chances (Frank & Hall 2001).
    """
    score, reference = np.asarray(scores, dtype=np.float64), np.asarray(references, dtype=np.int64)
    reached = (reference[:, None] >= np.arange(1, n_grades)[None, :]).astype(np.float64)
    at_least = _cross_fitted(_finite(score), reached, np.asarray(queries), folds=folds, seed=seed)
    falling = np.minimum.accumulate(at_least, axis=1)
    edges = np.hstack([np.ones((len(score), 1)), falling, np.zeros((len(score), 1))])
    return np.where(np.isnan(falling[:, -1:]), np.nan, edges[:, :-1] - edges[:, 1:])


def _cross_fitted(
    scores: Floats, targets: Floats, queries: NDArray[np.int64], *, folds: int, seed: int
) -> Floats:
    from sklearn.isotonic import IsotonicRegression  # a second to load: only calibrations pay for it

    fitted: Floats = np.full(targets.shape, np.nan)
    names, place = np.unique(queries, return_inverse=True)
    if names.size < 2:
        return fitted
    fold_of_query = np.empty(names.size, dtype=np.int64)
    fold_of_query[np.random.default_rng(seed).permutation(names.size)] = np.arange(names.size) % folds
    fold = fold_of_query[place]
    for each in range(min(folds, names.size)):
        inside = np.flatnonzero(fold == each)
        others = np.flatnonzero(fold != each)
        for column in range(targets.shape[1]):
            isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            isotonic.fit(scores[others], targets[others, column])
            fitted[inside, column] = isotonic.predict(scores[inside])
    return fitted


def _finite(scores: Floats) -> Floats:
    finite = scores[np.isfinite(scores)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    return scores.clip(low - 1, high + 1)


def _checked(predicted: ArrayLike, relevant: ArrayLike) -> tuple[Floats, Floats]:
    chances, truth = np.asarray(predicted, dtype=np.float64), np.asarray(relevant, dtype=np.float64)
    if chances.ndim != 1 or chances.shape != truth.shape:
        raise ValueError("Predictions and what people found must be two arrays of the same length.")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("A prediction lies outside 0 to 1; calibrate scores before they are measured.")
    return chances, truth
