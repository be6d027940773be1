"""Several miners' lists of a query as one order, for the cut to the judging budget and nothing else."""

import numpy as np

from mining.grouped import Floats, Ints, share_no_higher
from mining.pool_settings import Fusion

RRF_K = 60


def fuse(
    ranks: Ints, scores: Floats, *, lists: Ints, pairs: Ints, n_pairs: int, n_miners: int, fusion: Fusion
) -> Floats:
    """What each of the pairs (P,) gets from its hits (n,): higher is better.

    `pairs` says which pair a hit is of, `lists` in which list it stands (one miner's for one query).
    RRF: Σ 1/(60 + rank) (Cormack, Clarke & Büttcher 2009). Percentile: the share of its list that scores no
    higher, summed and divided by all miners, so that a list in which a pair is missing counts as 0.
    """
    if fusion is Fusion.RRF:
        return np.bincount(pairs, weights=1 / (RRF_K + ranks), minlength=n_pairs)
    weights = share_no_higher(lists, scores) / n_miners
    return np.bincount(pairs, weights=weights, minlength=n_pairs)
