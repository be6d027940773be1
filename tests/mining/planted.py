"""Pools with planted truth: a fifth of the unlabelled candidates is truly relevant, and a judge that errs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mining.rules import Pairs, Reason, Rule, decide

RELEVANT = (2.0, 8.0)
"""Beta distribution of a query's share of relevant candidates: a fifth on average, other in every query."""


class Planted(NamedTuple):
    pairs: Pairs
    relevant: NDArray[np.bool_]  # (N,)


def plant(seed: int, *, n_queries: int = 150, per_query: int = 40, noise: float = 0.15) -> Planted:
    """A positive and `per_query` unlabelled candidates of each query, scored 0.2 or 0.8 with noise.

    The judge is also lenient or strict with a whole query. Without noise it is perfect.
    """
    chance = np.random.default_rng([seed, n_queries, per_query])
    query = np.repeat(np.arange(n_queries), per_query + 1)
    positive = np.tile(np.arange(per_query + 1) == 0, n_queries)
    relevant = positive | (chance.random(query.size) < chance.beta(*RELEVANT, n_queries)[query])
    scores = 0.2 + 0.6 * relevant
    scores = scores + noise * (0.3 * chance.normal(size=n_queries)[query] + chance.normal(size=query.size))
    pairs = Pairs(
        query,
        positive,
        np.zeros(query.size, dtype=bool),
        np.where(positive, 1, -1).astype(np.int8),
        scores,
        np.ones(query.size),
    )
    return Planted(pairs, relevant)


def negatives(planted: Planted) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Queries, and whether they are relevant after all, of what the usual rule takes as negatives."""
    kept = decide(planted.pairs, Rule()).reasons == Reason.HARD
    return planted.pairs.queries[kept], planted.relevant[kept]


def true_share(*, n_pools: int = 300, **more: float) -> float:
    """The share of relevant ones among the rule's negatives, over very many queries."""
    found = [negatives(plant(1_000_000 + seed, **more))[1] for seed in range(n_pools)]
    return sum(int(each.sum()) for each in found) / sum(each.size for each in found)
