"""Prediction-powered estimates: a mean over all items from few human grades and many verdicts.

Verdicts on all items alone are biased by however the judge errs; human grades alone are few. Together: the
judge's mean, mended by its mean error on the items that people graded (Angelopoulos et al. 2023, *Science*
382). How far the judge is believed (λ) is set so that the interval is narrowest, so a useless judge costs
nothing (Angelopoulos, Duchi & Zrnic 2023, PPI++). Items of a query go together: everything is summed by query
first, and human grades that were not drawn evenly are weighted by one over their chance.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from measures.estimates import UNDEFINED, Estimate
from measures.tables import Floats

LEVEL = 0.95


class Powered(NamedTuple):
    """Three answers to one question."""

    powered: Estimate
    people_only: Estimate  # from the human grades alone
    judge_only: float  # the verdicts' mean: no interval makes it valid
    trust: float  # λ: 0 leaves the judge out, 1 takes it whole
    n_items: int
    n_graded: int  # by people
    n_queries: int


def powered_mean(
    predicted: ArrayLike, people: ArrayLike, chances: ArrayLike, queries: ArrayLike, *, level: float = LEVEL
) -> Powered:
    """The mean over all items, of what people would say, with intervals over queries.

    Arrays (N,) over the items with a verdict: `predicted` what the judge says (a grade's value, or 0 and 1),
    `people` what people say (NaN where they have not been asked), `chances` the chance with which the item
    was given to people, `queries` positions. With weights w = 1/π on the graded:

        estimate = Σ w y / Σ w + λ (Σ f / N − Σ w f / Σ w)

    and its variance from how far each query moves it (linearised: Cochran 1977, §6.4 and §11.7), with
    Student's t of Q − 1 degrees of freedom.

    NaN with fewer than two queries and without human grades. ValueError for a chance outside (0, 1] on an
    item that people graded.
    """
    f, y = np.asarray(predicted, dtype=np.float64), np.asarray(people, dtype=np.float64)
    pi, query = np.asarray(chances, dtype=np.float64), np.asarray(queries, dtype=np.int64)
    asked = ~np.isnan(y)
    if not ((pi[asked] > 0) & (pi[asked] <= 1)).all():
        raise ValueError("The chance with which an item was given to people must lie above 0 and up to 1.")
    n_queries = int(np.unique(query).size)
    naive = float(f.mean()) if f.size else float("nan")
    if n_queries < 2 or not asked.any():
        return Powered(UNDEFINED, UNDEFINED, naive, 0.0, f.size, int(asked.sum()), n_queries)
    weights = np.zeros(len(f))
    weights[asked] = 1 / pi[asked]
    of_people, people_by_query = _mean(query, np.nan_to_num(y), weights)
    on_graded, graded_by_query = _mean(query, f, weights)
    everywhere, all_by_query = _mean(query, f, np.ones(len(f)))
    mending = all_by_query - graded_by_query
    spread = float((mending**2).sum())
    trust = -float((people_by_query * mending).sum()) / spread if spread > 0 else 0.0
    trust = min(1.0, max(0.0, trust))
    return Powered(
        _interval(
            of_people + trust * (everywhere - on_graded), people_by_query + trust * mending, level=level
        ),
        _interval(of_people, people_by_query, level=level),
        naive,
        trust,
        int(f.size),
        int(asked.sum()),
        n_queries,
    )


def _mean(query: NDArray[np.int64], amounts: Floats, weights: Floats) -> tuple[float, Floats]:
    """The weighted mean, and by query how far it is moved by it: Σ_q w (x − mean) / Σ w."""
    mean = float((weights * amounts).sum() / weights.sum())
    _, place = np.unique(query, return_inverse=True)
    moved: Floats = np.bincount(place, weights=weights * (amounts - mean)) / weights.sum()
    return mean, moved


def _interval(value: float, by_query: Floats, *, level: float) -> Estimate:
    n = by_query.size
    reach = student.ppf((1 + level) / 2, n - 1) * np.sqrt(n / (n - 1) * (by_query**2).sum())
    return Estimate(value, float(value - reach), float(value + reach))
