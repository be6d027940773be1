"""Could grades like these have come about without looking at the items?"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import random_table

from measures.tables import Floats, Tables

PERMUTATIONS = 2_000


def permutation_p(
    others: ArrayLike,
    given: ArrayLike,
    measure: Callable[[Tables], Floats],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> float:
    """Chance that a rater who deals out the same grades at random agrees with the others at least as well.

    One-sided Monte Carlo permutation test, p = (1 + #{permuted ≥ observed}) / (1 + permutations) (Phipson &
    Smyth 2010). Items on which the others gave the same grades are alike: `others` (G, K) are those G
    patterns of counts, `given` (G, K) how many items of each pattern got each grade from the rater, and a
    permutation is a random table with the margins of `given` (Patefield 1981). `measure` takes tables
    (b, K, K), others' grade × the rater's, to (b,). NaN where the measure is undefined.
    """
    patterns, table = np.asarray(others, dtype=np.float64), np.asarray(given, dtype=np.int64)
    observed = float(measure((patterns.T @ table)[None])[0])
    if np.isnan(observed):
        return float("nan")
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    drawn = random_table(rows, columns).rvs(size=permutations, random_state=np.random.default_rng(seed))
    permuted = measure(np.einsum("gh,bgj->bhj", patterns, np.asarray(drawn, dtype=np.float64)))
    n_as_good = int((permuted >= observed - 1e-12).sum())
    return (1 + n_as_good) / (1 + permutations)
