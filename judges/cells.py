"""The places a condition can have in a compliance experiment, and which one a condition's name tells.

Framing (neutral, benign distraction, threat) × compliance suffix (off, on) are the six cells; beside them
stand the rungs of the suffix ladder and the optional arms.
"""

import re

FACTORIAL = ("N0", "N1", "B0", "B1", "T0", "T1")
RUNGS = ("G1", "G2", "G3", "G4", "G5")
ARMS = {
    "N1+hatch": "N1",
    "T1+hatch": "T1",
    "N1+guard": "N1",
    "T1+guard": "T1",
    "N1-schema": "N1",
    "T1-schema": "T1",
}
"""Each arm and the cell that it stands beside."""
CELLS = (*FACTORIAL, *RUNGS, *ARMS)

LONG_NAMES = {
    "neutral": "N0",
    "neutral+suffix": "N1",
    "distraction": "B0",
    "distraction+suffix": "B1",
    "benign distraction": "B0",
    "benign distraction+suffix": "B1",
    "threat": "T0",
    "threat+suffix": "T1",
}


def cell_of(name: str) -> str:
    """The cell that a condition of this name stands for, "" for none: its code, or its name in words.

    Case does not matter, nor do the signs between words: “Threat + suffix” and “threat_suffix” are one.
    """
    return _CODES.get(name.strip().lower()) or _WORDS.get(_words(name), "")


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", name.lower()))


_CODES = {cell.lower(): cell for cell in CELLS}
_WORDS = {_words(name): cell for name, cell in LONG_NAMES.items()}
