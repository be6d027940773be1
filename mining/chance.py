"""The miner that draws candidates by chance: what any negative is compared with, and true easy ones."""

from collections.abc import Sequence

import numpy as np

from mining.grouped import Ints
from mining.hits import Hits


def draw(keys: Ints, queries: Sequence[int], *, n: int, seed: int) -> Hits:
    """n of these candidates for each query, each as likely, with places for ranks.

    A query draws with a seed of its own, so that it gets the same candidates whichever other queries are in
    the pool.
    """
    n = min(n, keys.size)
    drawn = [
        keys[np.random.default_rng([seed, query]).choice(keys.size, size=n, replace=False)]
        for query in queries
    ]
    candidates = np.concatenate(drawn) if drawn else keys[:0]
    ranks = np.tile(np.arange(1, n + 1), len(queries))
    return Hits(np.repeat(queries, n), candidates, ranks, np.zeros(candidates.size))
