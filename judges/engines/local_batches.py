"""Which prompts the local engine runs together: few padded tokens, and a shared beginning only once.

Pure lists of token ids; no torch. The prompts of one query begin alike (instructions, rubric, query), so
that running the beginning once and keeping its keys and values saves about as much as it is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SHORTEST_SHARED = 16  # a shorter beginning costs more to keep than to run again
SHARED_SHRINK = 0.75  # a prompt joins a group as long as it keeps this share of the group's beginning


class Sequenced(NamedTuple):
    """One prompt as token ids, with the number of positions at its end whose logits are wanted (≥ 1)."""

    tokens: list[int]
    wanted: int


class Group(NamedTuple):
    """Prompts that share their first `n_shared` tokens, in batches of indices into the prompts given."""

    n_shared: int
    batches: list[list[int]]


class Limits(NamedTuple):
    """How large one batch may be: rows, tokens with padding, and positions whose logits are kept."""

    rows: int
    tokens: int = 16_384
    wanted: int = 2_048


def plan_groups(
    sequences: Sequence[Sequenced], limits: Limits, *, shortest_shared: int = SHORTEST_SHARED
) -> list[Group]:
    """Every sequence in exactly one batch; within a group sorted by length, longest first.

    The shared beginning never reaches into the positions a sequence wants logits of.
    """
    order = sorted(range(len(sequences)), key=lambda i: sequences[i].tokens)  # alike beginnings side by side
    groups: list[tuple[int, list[int]]] = []
    for i in order:
        if groups:
            n_shared, members = groups[-1]
            n_common = min(n_shared, _common(sequences[members[-1]], sequences[i]))
            keeps_enough = len(members) == 1 or n_common >= SHARED_SHRINK * n_shared
            if keeps_enough and n_common >= shortest_shared:
                groups[-1] = (n_common, [*members, i])
                continue
        groups.append((len(sequences[i].tokens) - sequences[i].wanted, [i]))
    return _merge_lonely(groups, sequences, limits)


def _merge_lonely(
    groups: list[tuple[int, list[int]]], sequences: Sequence[Sequenced], limits: Limits
) -> list[Group]:
    """Groups of one share nothing: they are batched together, by length."""
    lonely = [members[0] for _, members in groups if len(members) == 1]
    planned = [
        Group(n_shared, _cut_batches(members, n_shared, sequences, limits))
        for n_shared, members in groups
        if len(members) > 1
    ]
    if lonely:
        planned.append(Group(0, _cut_batches(lonely, 0, sequences, limits)))
    return planned


def _cut_batches(
    members: list[int], n_shared: int, sequences: Sequence[Sequenced], limits: Limits
) -> list[list[int]]:
    batches: list[list[int]] = []
    longest = most_wanted = 0
    for i in sorted(members, key=lambda i: len(sequences[i].tokens), reverse=True):
        n_rows = len(batches[-1]) + 1 if batches else 1
        longest = max(longest, len(sequences[i].tokens) - n_shared)
        most_wanted = max(most_wanted, sequences[i].wanted)
        full = (
            n_rows > limits.rows or n_rows * longest > limits.tokens or n_rows * most_wanted > limits.wanted
        )
        if not batches or full:
            batches.append([])
            longest, most_wanted = len(sequences[i].tokens) - n_shared, sequences[i].wanted
        batches[-1].append(i)
    return batches


def _common(left: Sequenced, right: Sequenced) -> int:
    """Length of the common beginning, short of what either wants logits of."""
    n_most = min(len(left.tokens) - left.wanted, len(right.tokens) - right.wanted)
    for n in range(n_most):
        if left.tokens[n] != right.tokens[n]:
            return n
    return n_most
