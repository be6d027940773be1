"""Average precision of a score: precision at every relevant item, from the highest score down."""

import numpy as np

from measures.tables import Floats, Tables, Values, first_at_cut, ratio


def average_precision(tables: Tables, values: Values, cut: float) -> Floats:
    """Σ (R_s − R_{s+1}) P_s over distinct scores s, P and R the precision and recall of "score ≥ s".

    Items with the same score share one threshold, as in scikit-learn's `average_precision_score`. From
    tables of reference grade × score bin, both ascending. Shapes: (..., K, S) → (...). NaN when nothing is
    relevant. The share of relevant items is chance.
    """
    above = first_at_cut(values, cut)
    counts = np.asarray(tables, dtype=np.float64)[..., ::-1]
    relevant = counts[..., above:, :].sum(axis=-2)
    found, called = np.cumsum(relevant, axis=-1), np.cumsum(counts.sum(axis=-2), axis=-1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return ratio((relevant * precision).sum(axis=-1), relevant.sum(axis=-1))
