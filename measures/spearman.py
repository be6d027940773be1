"""Spearman's ρ between scores and reference grades."""

import numpy as np

from measures.tables import Floats, Tables, Values, ratio


def spearman(tables: Tables, values: Values) -> Floats:
    """Spearman's ρ: Pearson's correlation of the midranks of scores and of reference grades.

    With ties everywhere (grades are few) the shortcut 1 − 6Σd²/(n³−n) is wrong; this is the full form
    (Spearman 1904; Kendall & Gibbons 1990, chapter 3). From tables of reference grade × score bin, both
    ascending; exact when every distinct score is a bin of its own. Ranks know order only, so the grades'
    values play no part. Shapes: (..., K, S) → (...). NaN when all scores or all grades are the same.
    """
    in_bin = tables.sum(axis=-2, dtype=np.float64)
    in_grade = tables.sum(axis=-1, dtype=np.float64)
    bin_ranks, grade_ranks = _centred_midranks(in_bin), _centred_midranks(in_grade)
    rank_sums = (tables @ bin_ranks[..., :, None])[..., 0]
    covariance = np.einsum("...k,...k->...", rank_sums, grade_ranks)
    bin_variance = np.einsum("...s,...s,...s->...", in_bin, bin_ranks, bin_ranks)
    grade_variance = np.einsum("...k,...k,...k->...", in_grade, grade_ranks, grade_ranks)
    rho = ratio(covariance, np.sqrt(bin_variance) * np.sqrt(grade_variance))
    np.clip(rho, -1.0, 1.0, out=rho)
    return rho


def _centred_midranks(counts: Floats) -> Floats:
    """Midrank of each class of ties minus the mean rank, for counts (..., classes) in ascending order."""
    up_to = np.cumsum(counts, axis=-1)
    total: Floats = counts.sum(axis=-1, keepdims=True)
    return up_to - counts / 2 - total / 2
