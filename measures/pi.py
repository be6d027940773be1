"""Scott's π and its relatives for one grade: agreement beyond chance when raters are interchangeable.

Tables (..., K, K) as for κ. Over `measures.pairs.item_pairs` these are Fleiss' measures for many raters:
`scott_pi` is Fleiss' κ, `pi_of_grade` his κ of one category (Fleiss 1971), and with another number of raters
on each item the generalisation in which every item counts once (Gwet 2014, *Handbook of Inter-Rater
Reliability*, chapter 2; here chance, too, is over the items with two raters or more).
"""

import numpy as np

from measures.tables import Floats, Tables, Values, as_floats, ratio


def scott_pi(tables: Tables, values: Values) -> Floats:
    """π = (P_o − P_e) / (1 − P_e), P_o = Σ T_kk / n, P_e = Σ ((r_k + c_k) / 2n)² (Scott 1955).

    As κ, but chance is drawn from both raters' grades together. Shapes: (..., K, K) → (...). NaN when only
    one grade was used, or on no items.
    """
    counts = as_floats(tables)
    n_grades = counts.shape[-1]
    used = counts.sum(axis=-1) + counts.sum(axis=-2)  # twice the items
    apart = 1.0 - np.eye(n_grades)
    observed = (counts * apart).sum(axis=(-1, -2))
    expected = (used[..., :, None] * used[..., None, :] * apart).sum(axis=(-1, -2))
    return 1.0 - ratio(4.0 * counts.sum(axis=(-1, -2)) * observed, expected)


def pi_of_grade(tables: Tables, values: Values, position: int) -> Floats:
    """π of "this grade" against "any other", for the grade at this position (Fleiss 1971).

    Shapes: (..., K, K) → (...). NaN when nobody or everybody gave the grade.
    """
    counts = as_floats(tables)
    others = np.delete(np.arange(counts.shape[-1]), position)
    both = counts[..., position, position]
    row, column = counts[..., position, others].sum(axis=-1), counts[..., others, position].sum(axis=-1)
    neither = counts[..., others, :][..., others].sum(axis=(-1, -2))
    two = np.stack([np.stack([both, row], axis=-1), np.stack([column, neither], axis=-1)], axis=-2)
    return scott_pi(two, (0, 1))


def specific_agreement(tables: Tables, values: Values, position: int) -> Floats:
    """How often the other rater gave this grade too, where one gave it: 2 T_kk / (r_k + c_k).

    Proportion of specific agreement (Dice 1945; Spitzer & Fleiss 1974). Shapes: (..., K, K) → (...). NaN
    when nobody gave the grade.
    """
    counts = as_floats(tables)
    used = counts[..., position, :].sum(axis=-1) + counts[..., :, position].sum(axis=-1)
    return ratio(2.0 * counts[..., position, position], used)
