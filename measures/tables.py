"""Tables of counts, the one input of every measure.

A table's last two axes are reference grade × judge grade (or × bin of the judge's score), both ascending;
what stands before them is free: (K, K) is one table, (B, K, K) are B bootstrap replicates. A measure is
`f(tables, values)`, where `values` are the K grades' values, ascending; it returns float64 of the leading
shape, NaN where it is not defined. Counts may be whole numbers or floats (weighted counts).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Tables = NDArray[np.number[Any]]
Values = ArrayLike
Floats = NDArray[np.float64]


def as_floats(tables: Tables) -> Floats:
    """The same tables as float64, in which counts up to 2⁵³ are exact."""
    return np.asarray(tables, dtype=np.float64)


def grade_values(values: Values) -> Floats:
    """The grades' values as float64 of shape (K,).

    ValueError unless there are at least two and they ascend strictly.
    """
    grades = np.asarray(values, dtype=np.float64)
    if grades.ndim != 1 or grades.size < 2 or not np.all(np.diff(grades) > 0):
        raise ValueError(f"Grade values must be two or more, ascending; got {values!r}.")
    return grades


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """numerator / denominator, NaN where the denominator is 0: an undefined measure is never a silent 0."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    quotient: Floats = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient


def first_at_cut(values: Values, cut: float) -> int:
    """The position of the first grade that counts as relevant: value ≥ cut; K when none does."""
    return int(np.searchsorted(grade_values(values), cut, side="left"))


def collapse_at_cut(tables: Tables, values: Values, cut: float) -> Floats:
    """Tables (..., 2, 2) of reference ≥ cut against judge ≥ cut; position 0 is below, 1 is at or above."""
    above = first_at_cut(values, cut)
    counts = as_floats(tables)
    rows = np.stack([counts[..., :above, :].sum(axis=-2), counts[..., above:, :].sum(axis=-2)], axis=-2)
    return np.stack([rows[..., :above].sum(axis=-1), rows[..., above:].sum(axis=-1)], axis=-1)
