"""AUC: how often a score puts a relevant item above one that is not."""

import numpy as np

from measures.tables import Floats, Tables, Values, first_at_cut, ratio


def auc(tables: Tables, values: Values, cut: float) -> Floats:
    """Chance that an item with reference ≥ cut has a higher score than one below it; ties count half.

    The Mann–Whitney statistic U / (n₊ n₋) with midranks (Mann & Whitney 1947; Bamber 1975), from tables of
    reference grade × score bin, both ascending. Exact when every distinct score is a bin of its own; scores
    that share a bin are ties. Shapes: (..., K, S) → (...). NaN when one side of the cut is empty.
    """
    above = first_at_cut(values, cut)
    relevant = tables[..., above:, :].sum(axis=-2, dtype=np.float64)
    others = tables[..., :above, :].sum(axis=-2, dtype=np.float64)
    others_below = np.cumsum(others, axis=-1) - others / 2
    wins = np.einsum("...s,...s->...", relevant, others_below)
    return ratio(wins, relevant.sum(axis=-1) * others.sum(axis=-1))
