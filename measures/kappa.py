"""Cohen's κ: agreement beyond what two raters with these habits would reach by chance."""

import numpy as np

from measures.tables import Floats, Tables, Values, collapse_at_cut, margins, ratio, weighted_sum


def kappa(tables: Tables, values: Values) -> Floats:
    """Cohen's κ, every disagreement alike (Cohen 1960).

    Shapes: (..., K, K) → (...). NaN when both raters used one and the same grade only, or on no items.
    """
    n_grades = tables.shape[-1]
    return _weighted(tables, 1.0 - np.eye(n_grades))


def kappa_linear(tables: Tables, values: Values) -> Floats:
    """Cohen's κ with weights |i − j| over grade *positions* (Cohen 1968).

    Positions, not values, as in scikit-learn's `cohen_kappa_score(weights="linear")`: a scale 0, 1, 10 counts
    as three equal steps. Use α interval or the mean absolute error where the values' distances matter.
    Shapes: (..., K, K) → (...). NaN as for `kappa`.
    """
    return _weighted(tables, np.abs(_position_gaps(tables)))


def kappa_quadratic(tables: Tables, values: Values) -> Floats:
    """Cohen's κ with weights (i − j)² over grade *positions* (Cohen 1968; Fleiss & Cohen 1973).

    Positions, not values, as in `kappa_linear`. Shapes: (..., K, K) → (...). NaN as for `kappa`.
    """
    return _weighted(tables, _position_gaps(tables) ** 2)


def kappa_binary(tables: Tables, values: Values, cut: float) -> Floats:
    """Cohen's κ of reference ≥ cut against judge ≥ cut.

    Shapes: (..., K, K) → (...). NaN when all grades of both raters lie on the same side of the cut.
    """
    return kappa(collapse_at_cut(tables, values, cut), (0, 1))


def _position_gaps(tables: Tables) -> Floats:
    positions = np.arange(tables.shape[-1], dtype=np.float64)
    return positions[:, None] - positions[None, :]


def _weighted(tables: Tables, weights: Floats) -> Floats:
    """κ = 1 − n Σ w·T / Σ w·r·c for counts T, row sums r, column sums c, disagreement weights w (K, K).

    Not divided by n on the way: an expected disagreement of zero is then exactly zero, and seen as undefined.
    """
    rows, columns = margins(tables)
    observed = weighted_sum(tables, weights)
    expected = np.einsum("...i,...i->...", rows @ weights, columns)
    return 1.0 - ratio(np.einsum("...i->...", rows) * observed, expected)
