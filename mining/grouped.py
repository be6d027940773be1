"""Small things about arrays in groups (a query's candidates, a miner's list), without a loop over them."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def counted(groups: Ints) -> Ints:
    """0, 1, 2 … within each run of equal groups (n,)."""
    starts = np.flatnonzero(np.append(True, np.diff(groups) != 0)) if groups.size else np.zeros(0, np.int64)
    return np.arange(groups.size) - np.repeat(starts, np.diff(np.append(starts, groups.size)))


def places(groups: Ints, values: Floats) -> Ints:
    """The place of each row by falling value within its group (n,), from 0; NaN last, ties in their order."""
    order = np.lexsort((np.arange(groups.size), -np.where(np.isnan(values), -np.inf, values), groups))
    found = np.empty(groups.size, dtype=np.int64)
    found[order] = counted(groups[order])
    return found


def share_no_higher(groups: Ints, values: Floats) -> Floats:
    """|{v in the group : v ≤ value}| / |group| of each row (n,): equal values have equal shares.

    The probability integral transform of a group's own values; there are no NaN among them.
    """
    order = np.lexsort((values, groups))
    group, value = groups[order], values[order]
    ends = (
        np.flatnonzero(np.append((np.diff(value) != 0) | (np.diff(group) != 0), True))
        if group.size
        else order
    )
    upto = ends[np.searchsorted(ends, np.arange(group.size))]
    sizes = np.bincount(group)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    found = np.empty(group.size)
    found[order] = (upto - starts[group] + 1) / sizes[group]
    return found
