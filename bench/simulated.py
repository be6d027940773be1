"""Collections made up from a known truth: queries differ in what is relevant and in how well a judge does."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from measures.alpha import alpha_ordinal
from measures.kappa import kappa

PREVALENCE = (2.0, 1.2, 0.9, 0.5)  # Dirichlet, of grades 0–3 in a query
MANY = 400_000  # queries from which the truth is taken
LENIENT_RIGHT = 0.6386
"""How often a lenient judge has to be right to reach the κ of the first one: found by bisection."""


class Collection(NamedTuple):
    queries: NDArray[np.int64]  # (N,)
    references: NDArray[np.int64]  # (N,)
    judged: NDArray[np.int64]  # (N, 2)

    @property
    def counts(self) -> NDArray[np.int64]:
        """(Q, 4, 4) of the first judge."""
        tables = np.zeros((int(self.queries.max()) + 1, 4, 4), dtype=np.int64)
        np.add.at(tables, (self.queries, self.references, self.judged[:, 0]), 1)
        return tables


def simulate(n_queries: int, *, seed: int, second: str = "alike") -> Collection:
    """About ten items a query. The second judge errs as the first does, or is "unlike" it: lenient."""
    generator = np.random.default_rng([n_queries, seed])
    queries = np.repeat(np.arange(n_queries), 1 + generator.poisson(9, n_queries))
    prevalence = generator.dirichlet(PREVALENCE, n_queries)
    drawn = generator.random(queries.size)[:, None]
    references = (prevalence[queries].cumsum(axis=1) < drawn).sum(axis=1).clip(0, 3)

    def judge(right: float, shift: float) -> NDArray[np.int64]:
        chance = generator.beta(6 * right, 6 * (1 - right), n_queries)[queries]
        moved = references + generator.normal(shift, 0.5, n_queries)[queries]
        errs = np.rint(moved + generator.normal(0, 1, queries.size)).clip(0, 3).astype(np.int64)
        return np.where(generator.random(queries.size) < chance, references, errs)

    other = (0.5, 0.0) if second == "alike" else (LENIENT_RIGHT, 1.2)
    return Collection(queries, references, np.stack([judge(0.5, 0.0), judge(*other)], axis=1))


@cache
def truths() -> dict[str, float]:
    """κ and α of the first judge over very many queries."""
    table = simulate(MANY, seed=0).counts.sum(axis=0)
    return {"κ": float(kappa(table, range(4))), "α ordinal": float(alpha_ordinal(table, range(4)))}


def share_of_truth() -> float:
    """The share of relevant items (grade 2 or 3) over all queries there could be."""
    return sum(PREVALENCE[2:]) / sum(PREVALENCE)
