"""Krippendorff's α for two raters: 1 − observed / expected disagreement, both raters on one footing.

Every item graded by both is a unit with two values, so the coincidence matrix is o = T + Tᵀ for a table T;
n_c = Σ_k o_ck, n = Σ_c n_c (twice the items), and

    α = 1 − (n − 1) Σ o_ck δ²_ck / Σ n_c n_k δ²_ck

with a difference function δ² of its own for each level of measurement. Source: Krippendorff (2011),
*Computing Krippendorff's Alpha-Reliability*; Krippendorff (2004), *Content Analysis*, chapter 11.
"""

import numpy as np

from measures.tables import Floats, Tables, Values, as_floats, grade_values, margins, ratio


def alpha_nominal(tables: Tables, values: Values) -> Floats:
    """α with δ² = 1 for different grades, 0 for the same.

    Shapes: (..., K, K) → (...). NaN when only one grade was used by both raters together, or on no items.
    """
    coincidences = _coincidences(tables)
    return _alpha(coincidences, 1.0 - np.eye(coincidences.shape[-1]))


def alpha_ordinal(tables: Tables, values: Values) -> Floats:
    """α with δ_ck = Σ_{g=c..k} n_g − (n_c + n_k)/2: the grades given between the two, as ranks.

    That is the distance of the grades' midpoints on the cumulated n_c, which is how it is computed.
    Shapes: (..., K, K) → (...). NaN as for `alpha_nominal`.
    """
    coincidences = _coincidences(tables)
    used, _ = margins(coincidences)
    midpoints = np.cumsum(used, axis=-1) - used / 2
    return _alpha(coincidences, (midpoints[..., :, None] - midpoints[..., None, :]) ** 2)


def alpha_interval(tables: Tables, values: Values) -> Floats:
    """α with δ² = (v_c − v_k)² over grade *values*.

    Shapes: (..., K, K) → (...). NaN as for `alpha_nominal`.
    """
    grades = grade_values(values)
    return _alpha(_coincidences(tables), (grades[:, None] - grades[None, :]) ** 2)


def _coincidences(tables: Tables) -> Floats:
    counts = as_floats(tables)
    return counts + np.swapaxes(counts, -1, -2)


def _alpha(coincidences: Floats, distances: Floats) -> Floats:
    """α from coincidences (..., K, K) and squared differences (K, K) or (..., K, K)."""
    used, _ = margins(coincidences)
    observed = np.einsum("...ij,...ij->...", coincidences, distances)
    expected = np.einsum("...i,...ij,...j->...", used, distances, used)
    return 1.0 - ratio((np.einsum("...i->...", used) - 1.0) * observed, expected)
