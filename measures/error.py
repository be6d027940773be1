"""How far and in which direction a judge's grades lie from the reference, without correction for chance."""

import numpy as np

from measures.tables import Floats, Tables, Values, collapse_at_cut, grade_values, ratio, total, weighted_sum


def accuracy(tables: Tables, values: Values) -> Floats:
    """Share of items on which both gave the same grade: Σ_i T_ii / n.

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return ratio(weighted_sum(tables, np.eye(tables.shape[-1])), total(tables))


def accuracy_binary(tables: Tables, values: Values, cut: float) -> Floats:
    """Share of items that both put on the same side of the cut (value ≥ cut, or below).

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return accuracy(collapse_at_cut(tables, values, cut), (0, 1))


def mae(tables: Tables, values: Values) -> Floats:
    """Mean absolute error in grade values: Σ T_ij |v_j − v_i| / n.

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return _mean_over_items(tables, np.abs(_errors(values)))


def bias(tables: Tables, values: Values) -> Floats:
    """Mean signed error in grade values, judge minus reference: Σ T_ij (v_j − v_i) / n; positive is lenient.

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return _mean_over_items(tables, _errors(values))


def _errors(values: Values) -> Floats:
    grades = grade_values(values)
    return grades[None, :] - grades[:, None]


def _mean_over_items(tables: Tables, amounts: Floats) -> Floats:
    return ratio(weighted_sum(tables, amounts), total(tables))
