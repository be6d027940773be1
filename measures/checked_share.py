"""A small share from a random sample that people checked, items of one query going together."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from measures.estimates import UNDEFINED, Estimate

LEVEL = 0.95


def checked_share(checked: ArrayLike, queries: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """The share of ones among `checked` (n,), zeros and ones, with its interval over `queries` (n,).

    Every item was drawn with the same chance, so the share is their mean p. The interval is Wilson's (1927)
    with n divided by the design effect, as Korn & Graubard (1998) do for exact intervals: it never leaves
    [0, 1], and is no point where none of the n is a one. The design effect is the variance from how far each
    query moves the mean (linearised: Cochran 1977, §6.4),

        v = Q/(Q − 1) · Σ_q (Σ_{i in q} (x_i − p))² / n²,   over p (1 − p) / (n − 1),

    never below 1 (few clusters often look better than chance by chance), and the normal quantile becomes
    Student's t of Q − 1 degrees of freedom. UNDEFINED without a checked item or with one query.
    """
    x, query = np.asarray(checked, dtype=np.float64), np.asarray(queries, dtype=np.int64)
    _, place = np.unique(query, return_inverse=True)
    n, n_queries = x.size, int(place.max(initial=-1)) + 1
    if n_queries < 2:
        return UNDEFINED
    share = float(x.mean())
    simple = share * (1 - share) / (n - 1)
    moved = np.bincount(place, weights=x - share) / n
    clustered = n_queries / (n_queries - 1) * float((moved**2).sum())
    effect = max(1.0, clustered / simple) if simple > 0 else 1.0
    n_effective = n / effect
    z = float(student.ppf((1 + level) / 2, n_queries - 1))
    centre = float((share + z**2 / (2 * n_effective)) / (1 + z**2 / n_effective))
    spread = share * (1 - share) / n_effective + z**2 / (4 * n_effective**2)
    reach = z * float(np.sqrt(spread)) / (1 + z**2 / n_effective)
    return Estimate(share, max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach)))
