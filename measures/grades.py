"""The reference as the truth: how many of its grades a judge finds, and how many of its calls are right.

Tables (..., K, K), reference × judge. Unlike κ these treat the two sides differently: recall is over what
people said, precision over what the judge said.
"""

from collections.abc import Callable

import numpy as np

from measures.tables import Floats, Tables, Values, as_floats, collapse_at_cut, ratio


def precision_of_grade(tables: Tables, values: Values, position: int) -> Floats:
    """Of the items that the judge gave this grade, the share that people gave it: T_kk / c_k.

    Shapes: (..., K, K) → (...). NaN when the judge never gave the grade.
    """
    return _per_grade(tables, axis=-2)[..., position]


def recall_of_grade(tables: Tables, values: Values, position: int) -> Floats:
    """Of the items that people gave this grade, the share that the judge gave it: T_kk / r_k.

    Shapes: (..., K, K) → (...). NaN when people never gave the grade.
    """
    return _per_grade(tables, axis=-1)[..., position]


def f1_of_grade(tables: Tables, values: Values, position: int) -> Floats:
    """Harmonic mean of precision and recall of the grade: 2 T_kk / (r_k + c_k) (van Rijsbergen 1979).

    Shapes: (..., K, K) → (...). NaN when neither gave the grade.
    """
    return _f1(tables)[..., position]


def macro_f1(tables: Tables, values: Values) -> Floats:
    """Mean of F1 over the grades that either side used.

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return _mean_of_defined(_f1(tables))


def balanced_accuracy(tables: Tables, values: Values) -> Floats:
    """Mean of recall over the grades that people used (Brodersen et al. 2010): chance is 1 / their number.

    Shapes: (..., K, K) → (...). NaN on no items.
    """
    return _mean_of_defined(_per_grade(tables, axis=-1))


def g_mean(tables: Tables, values: Values) -> Floats:
    """Geometric mean of recall over the grades that people used (Kubat & Matwin 1997).

    0 as soon as one of these grades is never found. Shapes: (..., K, K) → (...). NaN on no items.
    """
    recall = _per_grade(tables, axis=-1)
    used = ~np.isnan(recall)
    logs = np.full(recall.shape, -np.inf)
    np.log(recall, out=logs, where=used & (recall > 0))
    n = used.sum(axis=-1, dtype=np.float64)
    mean = ratio(np.where(used, logs, 0.0).sum(axis=-1), n)
    return np.exp(mean)


def mcc(tables: Tables, values: Values) -> Floats:
    """Matthews' correlation for any number of grades, R_K (Matthews 1975; Gorodkin 2004).

    (n Σ T_kk − Σ r_k c_k) / √((n² − Σ r_k²)(n² − Σ c_k²)). Shapes: (..., K, K) → (...). NaN when either side
    used one grade only, or on no items (some libraries say 0 there).
    """
    counts = as_floats(tables)
    rows, columns = counts.sum(axis=-1), counts.sum(axis=-2)
    n = rows.sum(axis=-1)
    covariance = n * np.trace(counts, axis1=-2, axis2=-1) - (rows * columns).sum(axis=-1)
    spreads = n**2 - (rows**2).sum(axis=-1), n**2 - (columns**2).sum(axis=-1)
    return ratio(covariance, np.sqrt(spreads[0]) * np.sqrt(spreads[1]))


def at_cut(measure: Callable[[Tables, Values], Floats], tables: Tables, values: Values, cut: float) -> Floats:
    """Any measure of grades, of reference ≥ cut against judge ≥ cut.

    Shapes: (..., K, K) → (...). NaN where the measure is on those two grades.
    """
    return measure(collapse_at_cut(tables, values, cut), (0, 1))


def precision_binary(tables: Tables, values: Values, cut: float) -> Floats:
    """Of what the judge calls relevant (≥ cut), the share that people do.

    Shapes: (..., K, K) → (...). NaN when the judge calls nothing relevant.
    """
    return precision_of_grade(collapse_at_cut(tables, values, cut), (0, 1), 1)


def recall_binary(tables: Tables, values: Values, cut: float) -> Floats:
    """Of what people call relevant (≥ cut), the share that the judge does.

    Shapes: (..., K, K) → (...). NaN when people call nothing relevant.
    """
    return recall_of_grade(collapse_at_cut(tables, values, cut), (0, 1), 1)


def f1_binary(tables: Tables, values: Values, cut: float) -> Floats:
    """Harmonic mean of precision and recall of "relevant" (≥ cut).

    Shapes: (..., K, K) → (...). NaN when neither calls anything relevant.
    """
    return f1_of_grade(collapse_at_cut(tables, values, cut), (0, 1), 1)


def _per_grade(tables: Tables, *, axis: int) -> Floats:
    counts = as_floats(tables)
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=axis))


def _f1(tables: Tables) -> Floats:
    counts = as_floats(tables)
    used = counts.sum(axis=-1) + counts.sum(axis=-2)
    return ratio(2.0 * np.diagonal(counts, axis1=-2, axis2=-1), used)


def _mean_of_defined(per_grade: Floats) -> Floats:
    """Mean over the last axis without NaN; NaN where nothing is defined."""
    defined = ~np.isnan(per_grade)
    total = np.where(defined, per_grade, 0.0).sum(axis=-1)
    return ratio(total, defined.sum(axis=-1, dtype=np.float64))
