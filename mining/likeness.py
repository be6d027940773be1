"""Near-duplicates: a pooled candidate that says what a positive says is no negative, whatever a judge finds.

Two texts are alike by the share of runs of three words that both have (Broder 1997), counted exactly: only
candidates and positives of one query are compared, so nothing has to be estimated by hashing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mining.words import words

RUN = 3


class Likeness(NamedTuple):
    """Which positive a candidate is like, and how far."""

    positive: int
    share: float


def runs_of_words(text: str) -> frozenset[tuple[str, ...]]:
    """All runs of three words in the text; a shorter text is one run of its own."""
    found = words(text)
    if len(found) <= RUN:
        return frozenset([tuple(found)]) if found else frozenset()
    return frozenset(zip(found, found[1:], found[2:], strict=False))


def likest(candidate: frozenset, positives: Mapping[int, frozenset]) -> Likeness | None:
    """The positive that shares most with the candidate: |A ∩ B| / |A ∪ B| (Jaccard); None without words."""
    best = None
    for key, positive in positives.items():
        both = len(candidate & positive)
        either = len(candidate) + len(positive) - both
        if either and (best is None or both / either > best.share):
            best = Likeness(key, both / either)
    return best


class Said(NamedTuple):
    """A text to compare others with: its runs, and words that tell most other texts apart unread.

    Each run is counted with its longest word, being the rarest.
    """

    runs: frozenset[tuple[str, ...]]
    probes: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, text: str) -> "Said":
        runs = runs_of_words(text)
        return cls(runs, tuple(Counter(max(run, key=len) for run in runs).most_common()))


def might_say(folded: str, said: Said, floor: float) -> bool:
    """Whether a text without case can have the share `floor` of these runs, by its mere letters.

    J(A, B) ≥ floor needs |A ∩ B| ≥ floor · |B|, so a text that lacks more of B's runs is told apart long
    before its own words are counted.
    """
    left = (1 - floor) * len(said.runs) + 1e-9
    for word, n_runs in said.probes:
        if word not in folded:
            left -= n_runs
            if left < 0:
                return False
    return bool(said.runs)


def could_reach(n: int, sizes: Sequence[int], floor: float) -> bool:
    """Whether a text of n runs can be so like one of these sizes: the smaller is that share of the larger."""
    return any(min(n, size) >= floor * max(n, size) for size in sizes)
