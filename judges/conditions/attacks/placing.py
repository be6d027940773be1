"""Putting pieces into a text so that nothing else of it is lost, and taking it apart into sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

WORD = re.compile(r"\S+")
SENTENCE_END = re.compile(r"(?<=[.!?…؟۔])\s+|(?<=[。！？])|\n+")


def put(text: str, piece: str, place: int) -> str:
    """The text with the piece in front of its word number `place`; behind everything past the last word."""
    return put_all(text, [(place, piece)])


def put_all(text: str, pieces: Iterable[tuple[int, str]]) -> str:
    """The text with each (place, piece) in front of its word number `place`; its own characters all stay."""
    starts = [match.start() for match in WORD.finditer(text)]
    placed = sorted(((max(place, 0), piece) for place, piece in pieces if piece), key=lambda each: each[0])
    parts: list[str] = []
    at = 0
    behind: list[str] = []
    for place, piece in placed:
        if place >= len(starts):
            behind.append(piece)
            continue
        parts += [text[at : starts[place]], piece, " "]
        at = starts[place]
    parts.append(text[at:])
    whole = "".join(parts)
    if behind:
        gap = "" if not whole or whole[-1].isspace() else " "
        whole += gap + " ".join(behind)
    return whole


def n_words(text: str) -> int:
    """How many words the text has, by the spaces between them."""
    return len(WORD.findall(text))


def anywhere(text: str, rng: random.Random) -> int:
    """A place between the text's words, in front of them or behind them, by lot."""
    return rng.randint(0, n_words(text))


def middle(text: str) -> int:
    """The place that has as many words before it as after it, or one fewer."""
    return n_words(text) // 2


def in_front(text: str, piece: str) -> str:
    """The piece on a line of its own before the text."""
    return f"{piece}\n{text}" if text else piece


def behind(text: str, piece: str) -> str:
    """The piece on a line of its own after the text."""
    return f"{text}\n{piece}" if text else piece


def sentences(text: str) -> list[str]:
    """The text's sentences and lines, without the spaces around them."""
    return [part.strip() for part in SENTENCE_END.split(text) if part and part.strip()]
