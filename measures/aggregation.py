"""One order out of several: judges over measures, systems over judges, anything over projects."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from measures.tables import Floats, ratio

MOST_EXACT = 12
"""Up to this many the best consensus is found for certain; beyond, by moving one at a time."""


class Consensus(NamedTuple):
    """An order, best first, and how many pairwise preferences of the rankings it goes against."""

    order: list[int]
    n_against: float
    is_exact: bool


def borda(scores: ArrayLike) -> Floats:
    """Mean share of the others that each beats, ties half: (M rankings, N) → (N,) (Borda 1784).

    Higher scores are better. NaN says that a ranking does not hold the one: it then counts over the others,
    and NaN comes out where none holds it, or it stands alone everywhere.
    """
    table = np.asarray(scores, dtype=np.float64)
    held = ~np.isnan(table)
    beaten = (table[:, :, None] > table[:, None, :]).sum(axis=2)
    ties = (table[:, :, None] == table[:, None, :]).sum(axis=2) - held
    others = held.sum(axis=1, keepdims=True) - 1
    shares = ratio(beaten + ties / 2, np.where(held, others, 0).astype(np.float64))
    defined = ~np.isnan(shares)
    return ratio(np.where(defined, shares, 0.0).sum(axis=0), defined.sum(axis=0).astype(np.float64))


def kemeny(scores: ArrayLike, *, most_exact: int = MOST_EXACT) -> Consensus:
    """The order that goes against the fewest pairwise preferences of the rankings (Kemeny 1959).

    (M rankings, N), higher is better, NaN for what a ranking does not hold. Exact by dynamic programming
    over subsets up to `most_exact`; beyond, from Borda's order by moving one at a time until none helps.
    """
    table = np.asarray(scores, dtype=np.float64)
    prefers = (table[:, :, None] > table[:, None, :]).sum(axis=0).astype(np.float64)  # [i, j]: i over j
    n = table.shape[1]
    is_exact = n <= most_exact
    order = _best(prefers) if is_exact else _local(prefers, _from_borda(borda(table)))
    above = np.triu_indices(n, 1)
    ordered = prefers[np.ix_(order, order)]
    return Consensus(order, float(ordered.T[above].sum()), is_exact)


def _from_borda(points: Floats) -> list[int]:
    order: list[int] = np.argsort(-np.nan_to_num(points, nan=-1.0), kind="stable").tolist()
    return order


def _best(prefers: Floats) -> list[int]:
    """Held & Karp's recursion: the cheapest way to have placed each subset first."""
    n = len(prefers)
    subsets = np.arange(2**n)
    holds = ((subsets[:, None] >> np.arange(n)) & 1).astype(np.float64)
    cost = np.full(2**n, np.inf)
    last = np.full(2**n, -1)
    cost[0] = 0.0
    against = holds @ prefers.T  # [subset, i]: preferences for i over those that stand before it
    by_size = np.argsort(holds.sum(axis=1), kind="stable")
    for subset in by_size[1:]:
        members = np.flatnonzero(holds[subset])
        before = subset - (1 << members)
        costs = cost[before] + against[before, members]
        best = int(costs.argmin())
        cost[subset], last[subset] = costs[best], members[best]
    order: list[int] = []
    rest = 2**n - 1
    while rest:
        order.append(int(last[rest]))
        rest -= 1 << int(last[rest])
    return order[::-1]


def _local(prefers: Floats, order: list[int]) -> list[int]:
    """Take one out and put it where it costs least, until no move helps."""
    moved = True
    while moved:
        moved = False
        for one in list(order):
            rest = [each for each in order if each != one]
            costs = _costs(prefers, rest, one)
            place = int(costs.argmin())
            if costs[place] < costs[order.index(one)]:
                order = [*rest[:place], one, *rest[place:]]
                moved = True
    return order


def _costs(prefers: Floats, rest: list[int], one: int) -> Floats:
    """What it costs to put `one` at each place among the rest: (N,)."""
    over_those_before = np.concatenate([[0.0], np.cumsum(prefers[one, rest])])
    those_after = prefers[rest, one]
    over_it = those_after.sum() - np.concatenate([[0.0], np.cumsum(those_after)])
    costs: Floats = over_those_before + over_it
    return costs
