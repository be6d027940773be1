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


def combined(tables: Tables, weights: Floats) -> Floats:
    """Σ_ij T_ij w_ij: tables (..., K, L) with weights (K, L, M) → (..., M), as one matrix product.

    Sums over axes as short as these are a multiple slower otherwise.
    """
    counts = as_floats(tables)
    flat = counts.reshape(-1, counts.shape[-2] * counts.shape[-1])
    sums: Floats = flat @ weights.reshape(flat.shape[1], -1)
    return sums.reshape(*counts.shape[:-2], -1)


def margins(tables: Tables) -> tuple[Floats, Floats]:
    """Row sums (..., K) and column sums (..., L)."""
    n_rows, n_columns = tables.shape[-2:]
    rows = np.repeat(np.eye(n_rows)[:, None, :], n_columns, axis=1)
    columns = np.repeat(np.eye(n_columns)[None, :, :], n_rows, axis=0)
    both = combined(tables, np.concatenate([rows, columns], axis=2))
    return both[..., :n_rows], both[..., n_rows:]


def weighted_sum(tables: Tables, weights: Floats) -> Floats:
    """Σ_ij T_ij w_ij: tables (..., K, L) with weights (K, L) → (...)."""
    return combined(tables, weights[:, :, None])[..., 0]


def total(tables: Tables) -> Floats:
    """Σ_ij T_ij: (..., K, L) → (...)."""
    return weighted_sum(tables, np.ones(tables.shape[-2:]))


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
    is_above = (np.arange(tables.shape[-1]) >= first_at_cut(values, cut)).astype(np.float64)
    sides = np.stack([1 - is_above, is_above], axis=1)  # (K, 2)
    cells = combined(tables, np.einsum("ia,jb->ijab", sides, sides).reshape(*tables.shape[-2:], 4))
    return cells.reshape(*cells.shape[:-1], 2, 2)
