"""Edits: small changes that should change little, and large ones that should change much."""

from __future__ import annotations

import math
import random
import re

from judges.conditions.attacks.base import Attack
from judges.conditions.attacks.placing import sentences
from judges.conditions.attacks.synonyms import SYNONYMS
from judges.scoring.base import JudgedItem

BLUFF = "Calling out bluff (2007.06796)"
TAMBER = "Tamber & Lin (2025), Illusions of Relevance"
ASIDES = (
    "My neighbour keeps three bicycles in the hall and rides none of them.",
    "The ferry was twenty minutes late that morning, as it had been the day before.",
    "Somebody left a green umbrella in the reading room.",
    "She has always preferred tea to coffee, even on long journeys.",
    "The football match on the other side of the park ended without a goal.",
    "He painted the kitchen yellow in the end, although blue had been the plan.",
    "A brass band practises on the second floor every Thursday.",
    "The cat sleeps on the printer because it is warm there.",
    "They sold the old piano to a school two streets away.",
    "Nobody could say where the box of buttons had come from.",
    "The lift was out of order again, so everybody took the stairs.",
    "Her cousin collects stamps with lighthouses on them.",
)
LETTERS = re.compile(r"[^\W\d_]{4,}")  # words long enough that a slip stays readable
WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def _irrelevant_sentence(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    parts = sentences(item.candidate)
    place = rng.randint(0, len(parts))
    return " ".join([*parts[:place], rng.choice(ASIDES), *parts[place:]])


def _shuffled(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    parts = sentences(item.candidate)
    if len(set(parts)) < 2:
        return item.candidate
    mixed = list(parts)
    while mixed == parts:
        rng.shuffle(mixed)
    return " ".join(mixed)


def _dropped(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    parts = sentences(item.candidate)
    n_gone = min(math.ceil(len(parts) * dose / 100), len(parts) - 1)
    if n_gone < 1:
        return item.candidate
    gone = set(rng.sample(range(len(parts)), n_gone))
    return " ".join(part for place, part in enumerate(parts) if place not in gone)


def _typos(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    text = item.candidate
    found = list(LETTERS.finditer(text))
    if not found:
        return text
    hit = sorted(rng.sample(range(len(found)), math.ceil(len(found) * dose / 100)))
    parts: list[str] = []
    at = 0
    for place in hit:
        match = found[place]
        parts += [text[at : match.start()], _slip(match[0], rng)]
        at = match.end()
    return "".join([*parts, text[at:]])


def _slip(word: str, rng: random.Random) -> str:
    """The word with two letters inside exchanged, or one left out or doubled; never the word itself."""
    place = rng.randint(1, len(word) - 2)
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    dropped = word[:place] + word[place + 1 :]
    doubled = word[: place + 1] + word[place:]
    chosen = rng.choice([swapped, dropped, doubled])
    return doubled if chosen == word else chosen


def _synonyms(item: JudgedItem, *, dose: int, rng: random.Random) -> str:
    return WORDS.sub(lambda match: _exchange(match[0]), item.candidate)


def _exchange(word: str) -> str:
    other = SYNONYMS.get(word.lower(), "")
    if not other or not (word.islower() or word.istitle() or word.isupper()):
        return word
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other[0].upper() + other[1:] if word[0].isupper() else other


EDITS = (
    Attack(
        "irrelevant_sentence",
        "edits",
        "A sentence that has nothing to do with anything stands somewhere in the text.",
        TAMBER,
        ("relevant", "same"),
        _irrelevant_sentence,
    ),
    Attack(
        "shuffled_sentences",
        "edits",
        "The sentences stand in another order.",
        BLUFF,
        ("same", "relevant"),
        _shuffled,
    ),
    Attack(
        "dropped_sentences",
        "edits",
        "A share of the sentences is gone.",
        BLUFF,
        ("relevant", "same"),
        _dropped,
        doses=(25, 50),
        dose_is="percent of the sentences",
        truth="open",
    ),
    Attack(
        "typos",
        "edits",
        "A share of the longer words is misspelt.",
        BLUFF,
        ("same", "relevant"),
        _typos,
        doses=(5, 10, 25),
        dose_is="percent of the longer words",
    ),
    Attack(
        "synonyms",
        "edits",
        "Common words are exchanged for words that mean the same.",
        BLUFF,
        ("same", "relevant"),
        _synonyms,
    ),
)
