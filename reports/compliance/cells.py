"""The planned contrasts of a compliance experiment, and its cells, rungs and arms in words."""

from typing import NamedTuple

from judges.cells import ARMS, FACTORIAL, RUNGS

PLANNED = (("N0", "N1"), ("T0", "T1"), ("N0", "T0"), ("N1", "B1"), ("N0", "T1"))
"""The contrasts that an experiment is about, from the first cell to the second."""
FURTHER = (*((cell, arm) for arm, cell in ARMS.items()), *(("N0", rung) for rung in RUNGS))
"""Arms beside their cells and rungs beside the baseline: a family of tests of its own."""

FRAMING_WORDS = {"N": "neutral", "B": "distraction", "T": "threat"}
SUFFIX_WORDS = {"0": "no suffix", "1": "suffix"}
ARM_WORDS = {"hatch": "escape hatch", "guard": "metacognitive guard", "schema": "no abstain answer offered"}


class ContrastWords(NamedTuple):
    """What a contrast asks, and what is said of a fall and a rise."""

    asks: str
    cause: str  # "with …" after "loses n points"


CONTRAST_WORDS = {
    ("N0", "N1"): ContrastWords("the suffix alone", "with the suffix"),
    ("T0", "T1"): ContrastWords("the suffix under threat", "with the suffix under threat"),
    ("N0", "T0"): ContrastWords("the threat alone", "under threat"),
    ("N1", "B1"): ContrastWords(
        "a benign distraction beside the suffix", "when a distraction joins the suffix"
    ),
    ("N0", "T1"): ContrastWords("threat and suffix together", "under threat with the suffix"),
}


def cell_words(cell: str) -> str:
    """A cell in words: "neutral, suffix"; "rung 3 of the suffix ladder"; "threat, suffix, escape hatch"."""
    if cell in RUNGS:
        return f"rung {cell[1:]} of the suffix ladder"
    base, arm = (cell[:2], cell[3:]) if cell in ARMS else (cell, "")
    if base not in FACTORIAL:
        return cell
    words = f"{FRAMING_WORDS[base[0]]}, {SUFFIX_WORDS[base[1]]}"
    return f"{words}, {ARM_WORDS[arm]}" if arm else words


def contrast_name(first: str, second: str) -> str:
    """As tables call it: "N1 − N0"."""
    return f"{second} − {first}"


def contrast_words(first: str, second: str) -> str:
    """What the contrast asks, in words."""
    if (first, second) in CONTRAST_WORDS:
        return CONTRAST_WORDS[first, second].asks
    if second in RUNGS:
        return cell_words(second)
    return ARM_WORDS.get(second[3:], cell_words(second))
