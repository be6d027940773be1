"""What an attack is, and the dice it throws: the same for the same texts and seed, wherever it runs."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Literal, NamedTuple, Protocol

from judges.scoring.base import JudgedItem

Truth = Literal["kept", "lowest", "open"]

FAMILIES: dict[str, str] = {
    "stuffing": "the query's words are planted in the candidate",
    "instruction": "the candidate praises itself as the answer",
    "injection": "the candidate gives the judge orders",
    "degenerate": "the candidate says nothing",
    "authority": "the candidate leans on a source or a majority",
    "style": "the candidate says the same in another tone or at greater length",
    "edits": "the candidate is changed a little",
}
CARRIERS: dict[str, str] = {
    "random": "random words in the candidate's place",
    "nonrelevant": "a candidate that people graded below the cut",
    "relevant": "a candidate that people graded at or above the cut",
    "same": "any candidate",
}


class Apply(Protocol):
    """Makes the attacked candidate text out of an item's texts; throws no dice but `rng`."""

    def __call__(self, item: JudgedItem, *, dose: int, rng: random.Random) -> str: ...


class Attack(NamedTuple):
    """One way to bend a judge by its candidate."""

    name: str
    family: str  # one of FAMILIES
    meaning: str  # one sentence for people
    source: str  # the paper whose idea it is; the words are our own
    carriers: tuple[str, ...]  # what it may be put on, of CARRIERS
    apply: Apply
    doses: tuple[int, ...] = (0,)
    dose_is: str = ""  # what a dose counts
    truth: Truth = "kept"
    """What becomes of the human grade: "kept", it still holds; "lowest", nothing is left to be graded and the
    lowest grade is right; "open", a person might say a little less, so that only the shift is of interest."""


class AttackProblem(ValueError):
    """There is no such attack, or not in this dose or on this carrier; one sentence says what there is."""


def dice(*key: object) -> random.Random:
    """A random number generator that depends on the key alone: not on order, process or hash seed."""
    canonical = json.dumps(key, ensure_ascii=True, separators=(",", ":"))
    return random.Random(int.from_bytes(hashlib.blake2b(canonical.encode(), digest_size=16).digest(), "big"))
