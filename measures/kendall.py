"""Kendall's τ-b and ranking accuracy: does a score put items in the order of their grades?

Both count pairs of items. τ-b takes all pairs of the collection; ranking accuracy only pairs of one query,
which is all that a ranking of candidates needs. Tables are reference grade × score bin, both ascending.
"""

import numpy as np

from measures.tables import Floats, Tables, Values, ratio


def kendall(tables: Tables, values: Values) -> Floats:
    """τ-b = (C − D) / √((P − T_g)(P − T_s)) over all P pairs of items; T are pairs tied on grade or score.

    Source: Kendall (1945), *Biometrika* 33. Shapes: (..., K, S) → (...). NaN when all scores or all grades
    are the same.
    """
    counts = np.asarray(tables, dtype=np.float64)
    concordant, discordant = _ordered_pairs(counts)
    n = counts.sum(axis=(-1, -2))
    pairs = n * (n - 1) / 2
    by_grade, by_score = counts.sum(axis=-1), counts.sum(axis=-2)
    untied = [pairs - (ties * (ties - 1) / 2).sum(axis=-1) for ties in (by_grade, by_score)]
    return ratio(concordant - discordant, np.sqrt(untied[0]) * np.sqrt(untied[1]))


def pair_counts(tables: Tables) -> Floats:
    """Wins and pairs (..., 2): of the pairs with different grades, how many the score orders alike.

    A tie of scores is half a win. Shapes: (..., K, S) → (..., 2). With one table a query these add up over
    queries to the ranking accuracy.
    """
    counts = np.asarray(tables, dtype=np.float64)
    concordant, discordant = _ordered_pairs(counts)
    by_grade = counts.sum(axis=-1)
    pairs = (by_grade.sum(axis=-1) ** 2 - (by_grade**2).sum(axis=-1)) / 2
    return np.stack([concordant + (pairs - concordant - discordant) / 2, pairs], axis=-1)


def ranking_accuracy(pairs: Tables) -> Floats:
    """Share of pairs of the same query with different grades that the score puts the right way round.

    From summed `pair_counts` (..., 2) → (...). NaN without such pairs. 0.5 is chance. (Lambert et al. 2024
    use it for reward models.)
    """
    counts = np.asarray(pairs, dtype=np.float64)
    return ratio(counts[..., 0], counts[..., 1])


def _ordered_pairs(counts: Floats) -> tuple[Floats, Floats]:
    """Concordant and discordant pairs (...) of tables (..., K, S)."""
    below = np.cumsum(np.cumsum(counts, axis=-2), axis=-1)
    lower_grades = np.zeros_like(counts)
    lower_grades[..., 1:, :] = np.cumsum(counts, axis=-2)[..., :-1, :]
    up_to = np.zeros_like(counts)
    up_to[..., 1:, :] = below[..., :-1, :]  # lower grade, score at most this
    concordant = (counts * (up_to - lower_grades)).sum(axis=(-1, -2))
    above = up_to[..., -1:] - up_to  # lower grade, higher score
    discordant = (counts * above).sum(axis=(-1, -2))
    return concordant, discordant
