"""How a judge's scores lie, by reference grade: the same bins for every grade."""

from typing import NamedTuple

import numpy as np

from measures.counts import Counts
from reports.counts import Scores

N_BINS = 24


class ScoreDistribution(NamedTuple):
    """A histogram of scores for each reference grade."""

    edges: list[float]  # (B + 1,) ascending
    counts: list[list[int]]  # (K, B)
    n_infinite: int  # scores of ±∞, which have no bin


def score_distribution(scores: Scores, *, n_grades: int) -> ScoreDistribution | None:
    """Bins of equal width from the least to the largest finite score; None without a finite score."""
    finite = np.isfinite(scores.values)
    if not finite.any():
        return None
    values, references = scores.values[finite], scores.references[finite]
    edges = np.histogram_bin_edges(values, bins=N_BINS)
    position = np.searchsorted(edges[1:-1], values, side="right")
    counts: Counts = np.bincount(references * N_BINS + position, minlength=n_grades * N_BINS)
    return ScoreDistribution(
        edges.tolist(), counts.reshape(n_grades, N_BINS).tolist(), int(np.count_nonzero(~finite))
    )
