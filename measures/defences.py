"""What a defence gains and what it costs: the same judge on the same items, with it and without."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.bootstrap import Tally, bootstrap
from measures.estimates import UNDEFINED, Estimate, estimate_varied
from measures.tables import Floats, Tables, ratio

REPLICATES = 2_000


class PairedShares(NamedTuple):
    """Two shares over the same items, and by how much the second is lower."""

    n: int
    plain: float
    defended: float
    fall: Estimate  # plain − defended


def paired_shares(
    queries: ArrayLike, plain: ArrayLike, defended: ArrayLike, *, replicates: int = REPLICATES, seed: int = 0
) -> PairedShares:
    """Share plain − share defended over the same items: booleans (N,), with queries as positions (N,).

    Of fooled items: the gain. Of items on people's side of the cut when clean: the price. The interval is a
    cluster bootstrap over queries, in which both shares are of the same draw; there is none where all items
    are alike. NaN without items.
    """
    query = np.unique(np.asarray(queries, dtype=np.int64), return_inverse=True)[1]
    sides: list[NDArray[np.bool_]] = [np.asarray(each, dtype=bool) for each in (plain, defended)]
    if not query.size:
        return PairedShares(0, float("nan"), float("nan"), UNDEFINED)
    columns = [np.bincount(query, weights=each) for each in sides]
    sums = np.stack([np.bincount(query).astype(np.float64), *columns], axis=1)
    (drawn,) = bootstrap([Tally(sums, {"fall": _fall})], replicates=replicates, seed=seed)
    value = float(_fall(sums.sum(axis=0)))
    return PairedShares(
        query.size,
        float(sides[0].mean()),
        float(sides[1].mean()),
        estimate_varied(value, drawn["fall"], n_queries=len(sums)),
    )


def _fall(sums: Tables) -> Floats:
    table = np.asarray(sums, dtype=np.float64)
    return ratio(table[..., 1] - table[..., 2], table[..., 0])
