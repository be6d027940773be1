"""Many judges beside each other: who says the same, and does it matter which of the good ones is taken?

`judged` (N, J) holds the positions of judges' grades for the same N items, negative where there is none.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.bootstrap import query_weights
from measures.estimates import Estimate, estimate
from measures.kappa import kappa
from measures.tables import Floats, Values

REPLICATES = 500
AT_ONCE = 200


class Multiplicity(NamedTuple):
    """What depends on which of several judges is taken that are about as good as the best."""

    good: list[int]  # positions of judges within ε of the best κ, the best first
    n: int  # items that all of them graded
    ambiguity: float  # share of items on which any of them says something else than the best
    discrepancy: float  # the largest share on which one of them does


def joint_tables(judged: ArrayLike, *, n_grades: int) -> NDArray[np.int64]:
    """Joint counts (J, J, K, K) of every two judges over the items that both graded."""
    shown = _one_hot(np.asarray(judged), n_grades=n_grades)
    n_judges = shown.shape[1] // n_grades
    counts = (shown.T @ shown).reshape(n_judges, n_grades, n_judges, n_grades)
    tables: NDArray[np.int64] = np.rint(counts).astype(np.int64).swapaxes(1, 2)
    return tables


def kappa_matrix(
    judged: ArrayLike, queries: ArrayLike, *, values: Values, replicates: int = REPLICATES, seed: int = 0
) -> list[list[Estimate]]:
    """κ of every two judges with its interval over queries, (J, J); NaN where undefined."""
    grades, query = np.asarray(judged), np.asarray(queries, dtype=np.int64)
    n_grades, n_judges = len(np.asarray(values)), grades.shape[1]
    points = kappa(joint_tables(grades, n_grades=n_grades), values)
    above = np.triu_indices(n_judges, 1)
    per_query = _joint_by_query(grades, query, above, n_grades=n_grades)
    drawn = _drawn_kappas(per_query, values, replicates=replicates, seed=seed)
    found = [
        [Estimate(float(points[i, j]), float("nan"), float("nan")) for j in range(n_judges)]
        for i in range(n_judges)
    ]
    n_queries = (per_query > 0).any(axis=2).sum(axis=0)
    for place, (i, j) in enumerate(zip(*above, strict=True)):
        both = estimate(float(points[i, j]), drawn[:, place], n_queries=int(n_queries[place]))
        found[i][j] = found[j][i] = both
    return found


def cluster_order(matrix: ArrayLike) -> list[int]:
    """The judges in an order that puts those together that agree most, from κ (J, J).

    Average linkage over 1 − κ with optimal leaf order (Sokal & Michener 1958; Bar-Joseph et al. 2001); an
    undefined κ counts as 0.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    kappas = np.nan_to_num(np.asarray(matrix, dtype=np.float64), nan=0.0)
    if len(kappas) < 3:
        return list(range(len(kappas)))
    apart = 1.0 - (kappas + kappas.T) / 2
    np.fill_diagonal(apart, 0.0)
    condensed = squareform(np.maximum(apart, 0.0), checks=False)
    order: list[int] = leaves_list(optimal_leaf_ordering(linkage(condensed, "average"), condensed)).tolist()
    return order


def multiplicity(judged: ArrayLike, kappas: ArrayLike, *, epsilon: float) -> Multiplicity:
    """Ambiguity and discrepancy among the judges whose κ with people is within `epsilon` of the best.

    Marx, Calmon & Ustun (2020), *Predictive Multiplicity in Classification*, with judges as the models.
    NaN where only one judge is that good, or they have no item in common.
    """
    grades, of = np.asarray(judged), np.asarray(kappas, dtype=np.float64)
    if np.isnan(of).all():
        return Multiplicity([], 0, float("nan"), float("nan"))
    best = int(np.nanargmax(of))
    near = [int(i) for i in np.flatnonzero(of >= of[best] - epsilon) if i != best]
    good = [best, *sorted(near, key=lambda i: -of[i])]
    common = (grades[:, good] >= 0).all(axis=1)
    n = int(common.sum())
    if len(good) < 2 or n == 0:
        return Multiplicity(good, n, float("nan"), float("nan"))
    differ = grades[common][:, good[1:]] != grades[common][:, good[:1]]
    return Multiplicity(good, n, float(differ.any(axis=1).mean()), float(differ.mean(axis=0).max()))


def grade_counts(judged: ArrayLike, *, n_grades: int) -> NDArray[np.int64]:
    """How many judges gave each item each grade: (N, K), what `measures.pairs` takes for Fleiss' κ and α."""
    grades = np.asarray(judged)
    return np.stack([(grades == grade).sum(axis=1) for grade in range(n_grades)], axis=1)


def _one_hot(grades: NDArray[np.int64], *, n_grades: int) -> NDArray[np.float32]:
    """(N, J·K): 1 where the judge gave the grade."""
    given = grades[:, :, None] == np.arange(n_grades)[None, None, :]
    shown: NDArray[np.float32] = given.reshape(len(grades), -1).astype(np.float32)
    return shown


def _joint_by_query(
    grades: NDArray[np.int64], query: NDArray[np.int64], above: tuple[NDArray[np.intp], ...], *, n_grades: int
) -> NDArray[np.float32]:
    """Joint counts (Q, pairs, K·K)."""
    n_queries, n_judges = int(query.max(initial=-1)) + 1, grades.shape[1]
    tables = np.zeros((n_queries, len(above[0]), n_grades**2), dtype=np.float32)
    order = np.argsort(query, kind="stable")
    starts = np.flatnonzero(np.diff(query[order], prepend=-1))
    for rows in np.split(order, starts[1:]) if len(order) else []:
        shown = _one_hot(grades[rows], n_grades=n_grades)
        joint = (shown.T @ shown).reshape(n_judges, n_grades, n_judges, n_grades).swapaxes(1, 2)
        tables[query[rows[0]]] = joint[above].reshape(len(above[0]), -1)
    return tables


def _drawn_kappas(per_query: NDArray[np.float32], values: Values, *, replicates: int, seed: int) -> Floats:
    """κ of each pair (B, pairs) in replicates of queries."""
    n_queries, n_pairs = per_query.shape[:2]
    n_grades = len(np.asarray(values))
    if n_queries < 2:
        return np.full((replicates, n_pairs), np.nan)
    flat = per_query.reshape(n_queries, -1)
    parts = []
    for drawn in query_weights(n_queries, replicates=replicates, seed=seed):
        for start in range(0, len(drawn), AT_ONCE):
            sums = drawn[start : start + AT_ONCE].astype(np.float32) @ flat
            parts.append(kappa(sums.reshape(len(sums), n_pairs, n_grades, n_grades), values))
    return np.concatenate(parts)
