"""Gwet's AC1 and AC2: agreement beyond a chance that does not grow when one grade is common.

κ falls on collections where nearly everything is irrelevant although raters agree (the paradox of Feinstein &
Cicchetti 1990); these do not. They take it that raters guess only on hard items, so chance is small where
one grade prevails. Sources: Gwet (2008), *British Journal of Mathematical and Statistical Psychology* 61;
Gwet (2014), *Handbook of Inter-Rater Reliability*, chapter 6.
"""

import numpy as np

from measures.tables import Floats, Tables, Values, as_floats, grade_values, ratio


def ac1(tables: Tables, values: Values) -> Floats:
    """AC1 = (P_o − P_e) / (1 − P_e), P_e = Σ π_k (1 − π_k) / (K − 1), π_k = (r_k + c_k) / 2n.

    Shapes: (..., K, K) → (...). NaN on no items; P_e cannot reach 1.
    """
    return _weighted(tables, np.eye(tables.shape[-1]))


def ac2(tables: Tables, values: Values) -> Floats:
    """AC2 with quadratic weights over grade *values*: w = 1 − ((v_i − v_j) / (v_K − v_1))².

    P_o = Σ w·T / n, P_e = Σ w / (K (K − 1)) · Σ π_k (1 − π_k). With two grades it is AC1.
    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return _weighted(tables, 1.0 - _gaps(values) ** 2)


def ac2_linear(tables: Tables, values: Values) -> Floats:
    """AC2 with linear weights over grade *values*: w = 1 − |v_i − v_j| / (v_K − v_1).

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return _weighted(tables, 1.0 - _gaps(values))


def _gaps(values: Values) -> Floats:
    grades = grade_values(values)
    gaps: Floats = np.abs(grades[:, None] - grades[None, :]) / (grades[-1] - grades[0])
    return gaps


def _weighted(tables: Tables, weights: Floats) -> Floats:
    counts = as_floats(tables)
    n_grades = counts.shape[-1]
    n = counts.sum(axis=(-1, -2))
    observed = ratio(np.einsum("...ij,ij->...", counts, weights), n)
    used = ratio(counts.sum(axis=-1) + counts.sum(axis=-2), 2.0 * n[..., None])
    spread = (used * (1.0 - used)).sum(axis=-1)
    expected = weights.sum() / (n_grades * (n_grades - 1)) * spread
    return ratio(observed - expected, 1.0 - expected)
