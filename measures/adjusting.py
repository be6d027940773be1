"""p-values of many tests taken together, beside `measures.comparing.holm`."""

import numpy as np
from numpy.typing import ArrayLike

from measures.tables import Floats


def bonferroni(p_values: ArrayLike) -> Floats:
    """Each p times how many there are, at most 1 (Dunn 1961). NaN stays NaN and does not count."""
    p = np.asarray(p_values, dtype=np.float64)
    adjusted: Floats = np.minimum(p * (~np.isnan(p)).sum(), 1.0)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """p-values adjusted so that of all that are called significant a share of that size is expected wrong.

    The i-th smallest of m times m / i, never above the next (Benjamini & Hochberg 1995): for exploring, not
    for concluding. NaN stays NaN and does not count.
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted: Floats = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")[: int((~np.isnan(p)).sum())]
    scaled = p[order] * order.size / np.arange(1, order.size + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
