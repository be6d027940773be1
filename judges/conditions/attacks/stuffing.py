"""Stuffing: the query, or its words, planted in a candidate that does not answer it."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from judges.conditions.attacks.base import Apply, Attack
from judges.conditions.attacks.placing import anywhere, middle, n_words, put, put_all
from judges.scoring.base import JudgedItem

ALAOFI = "Alaofi et al. (SIGIR-AP 2024)"
TAMBER = "Tamber & Lin (2025), Illusions of Relevance"
PUNCTUATION = string.punctuation + "¿¡؟。？！«»“”„‘’…"
PLACES: dict[str, Callable[[str], int]] = {"start": lambda _: 0, "middle": middle, "end": n_words}


def query_words(query: str) -> list[str]:
    """The query's words without the marks around them, in their order."""
    stripped = (word.strip(PUNCTUATION) for word in query.split())
    return [word for word in stripped if word]


def _query_anywhere(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    query = (item.query or "").strip()
    return put_all(item.candidate, [(anywhere(item.candidate, rng), query) for _ in range(dose)])


def _words_scattered(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    words = query_words(item.query or "") * dose
    return put_all(item.candidate, [(anywhere(item.candidate, rng), word) for word in words])


def _query_at(where: str) -> Apply:
    def apply(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
        query = (item.query or "").strip()
        return put(item.candidate, " ".join([query] * dose) if query else "", PLACES[where](item.candidate))

    return apply


def _words_at(where: str) -> Apply:
    def apply(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
        block: list[str] = []
        for _ in range(dose):
            words = query_words(item.query or "")
            rng.shuffle(words)
            block += words
        return put(item.candidate, " ".join(block), PLACES[where](item.candidate))

    return apply


def _attack(name: str, meaning: str, source: str, apply: Apply, *, carriers: tuple[str, ...]) -> Attack:
    return Attack(name, "stuffing", meaning, source, carriers, apply, doses=(1, 2, 3), dose_is="times")


STUFFING = (
    _attack(
        "query",
        "The query stands somewhere between the candidate's words.",
        ALAOFI,
        _query_anywhere,
        carriers=("random", "nonrelevant"),
    ),
    _attack(
        "query_words",
        "The query's words are scattered among the candidate's.",
        ALAOFI,
        _words_scattered,
        carriers=("random", "nonrelevant"),
    ),
    *(
        _attack(
            f"query_{where}",
            f"The query stands at the candidate's {where}.",
            TAMBER,
            _query_at(where),
            carriers=("nonrelevant", "random"),
        )
        for where in PLACES
    ),
    *(
        _attack(
            f"query_words_{where}",
            f"The query's words stand together, in any order, at the candidate's {where}.",
            TAMBER,
            _words_at(where),
            carriers=("nonrelevant", "random"),
        )
        for where in PLACES
    ),
)
