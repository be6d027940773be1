"""Dawid–Skene: the grade an item most likely has, when some raters can be trusted more than others.

Every rater has a confusion matrix of their own, P(says k | true grade j); true grades and matrices are
estimated together by EM (Dawid & Skene 1979, *Maximum likelihood estimation of observer error-rates using the
EM algorithm*, Applied Statistics 28). Labels come as three arrays (L,): item, rater and grade position.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.tables import Floats

ROUNDS = 200
TOLERANCE = 1e-4
"""EM has ended once no posterior moves by more than this."""

SMOOTHING = 0.01
"""Added to every count of a confusion matrix, so that one label never makes a thing impossible."""


class DawidSkene(NamedTuple):
    """What EM ended with."""

    posteriors: Floats  # (N, K): chance of each grade for each item; rows add up to 1
    prevalence: Floats  # (K,): share of each true grade
    confusions: Floats  # (R, K, K): P(rater says k | true grade j); rows add up to 1
    n_rounds: int
    has_converged: bool


def dawid_skene(
    items: ArrayLike,
    raters: ArrayLike,
    grades: ArrayLike,
    *,
    n_items: int,
    n_raters: int,
    n_grades: int,
    rounds: int = ROUNDS,
) -> DawidSkene:
    """EM from the share of votes for each grade, at most `rounds` rounds.

    Items without a label get the prevalence as their posterior; raters without one get even rows.
    ValueError for positions outside the sizes.
    """
    item, rater, grade = (np.asarray(each, dtype=np.int64) for each in (items, raters, grades))
    for name, positions, size in (
        ("Item", item, n_items),
        ("Rater", rater, n_raters),
        ("Grade", grade, n_grades),
    ):
        if positions.shape != item.shape or positions.ndim != 1:
            raise ValueError("Items, raters and grades must be three arrays of the same length.")
        if positions.size and not (positions.min() >= 0 and positions.max() < size):
            raise ValueError(f"{name} positions must lie in 0…{size - 1}.")
    said = rater * n_grades + grade
    posteriors = _shares_of_votes(item, grade, n_items=n_items, n_grades=n_grades)
    has_converged, n_rounds = False, 0
    while n_rounds < rounds and not has_converged:
        n_rounds += 1
        prevalence, confusions = _maximise(posteriors, item, said, n_raters=n_raters)
        before, posteriors = posteriors, _expect(prevalence, confusions, item, said, n_items=n_items)
        has_converged = bool(np.abs(posteriors - before).max(initial=0.0) < TOLERANCE)
    prevalence, confusions = _maximise(posteriors, item, said, n_raters=n_raters)
    return DawidSkene(posteriors, prevalence, confusions, n_rounds, has_converged)


def _shares_of_votes(
    item: NDArray[np.int64], grade: NDArray[np.int64], *, n_items: int, n_grades: int
) -> Floats:
    votes = np.bincount(item * n_grades + grade, minlength=n_items * n_grades).reshape(n_items, n_grades)
    n = votes.sum(axis=1, keepdims=True)
    shares: Floats = np.where(n > 0, votes / np.maximum(n, 1), 1.0 / n_grades)
    return shares


def _maximise(
    posteriors: Floats, item: NDArray[np.int64], said: NDArray[np.int64], *, n_raters: int
) -> tuple[Floats, Floats]:
    """M-step: prevalence (K,) over labelled items, and confusions (R, K, K) from expected counts."""
    n_grades = posteriors.shape[1]
    labelled = np.zeros(len(posteriors), dtype=bool)
    labelled[item] = True
    counts = np.stack(
        [
            np.bincount(said, weights=posteriors[item, true], minlength=n_raters * n_grades)
            for true in range(n_grades)
        ]
    ).reshape(n_grades, n_raters, n_grades)
    expected = counts.transpose(1, 0, 2) + SMOOTHING
    prevalence = posteriors[labelled].sum(axis=0) + SMOOTHING
    return prevalence / prevalence.sum(), expected / expected.sum(axis=2, keepdims=True)


def _expect(
    prevalence: Floats, confusions: Floats, item: NDArray[np.int64], said: NDArray[np.int64], *, n_items: int
) -> Floats:
    """E-step: posteriors (N, K) ∝ prevalence × Π over the item's labels of P(said | true)."""
    n_grades = prevalence.size
    by_saying = np.log(confusions).transpose(0, 2, 1).reshape(-1, n_grades)  # (rater and grade, true)
    evidence = np.stack(
        [np.bincount(item, weights=by_saying[said, true], minlength=n_items) for true in range(n_grades)],
        axis=1,
    )
    logs = evidence + np.log(prevalence)
    logs -= logs.max(axis=1, keepdims=True)
    posteriors: Floats = np.exp(logs)
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    return posteriors
