"""The places a condition can have in a compliance experiment, and which one a condition's name tells.

Framing (neutral, benign distraction, threat) × compliance suffix (off, on) are the six cells; beside them
stand the rungs of the suffix ladder and the optional arms.
"""

import re

from judges.models import Condition

FACTORIAL = ("N0", "N1", "B0", "B1", "T0", "T1")
LADDER = ("G1", "G2", "G3", "G4", "G5")
ARMS = ("N1+hatch", "T1+hatch", "N1+guard", "T1+guard", "N1-schema", "T1-schema")
CELLS = (*FACTORIAL, *LADDER, *ARMS)

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


class CellRefused(ValueError):
    """There is no such cell; one sentence says which there are."""


def cell_of(name: str) -> str:
    """The cell that a condition of this name stands for, "" for none: its code, or its name in words.

    Case does not matter, nor do the signs between words: “Threat + suffix” and “threat_suffix” are one.
    """
    return _CODES.get(name.strip().lower()) or _WORDS.get(_words(name), "")


def assign_cell(condition: Condition, cell: str) -> None:
    """Give the condition this place in compliance experiments; "" takes it away. Raises CellRefused."""
    if cell and cell not in CELLS:
        known = ", ".join(CELLS)
        raise CellRefused(f"“{cell}” is no cell of a compliance experiment; choose one of {known}.")
    condition.cell = cell
    condition.save(update_fields=["cell"])


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", name.lower()))


_CODES = {cell.lower(): cell for cell in CELLS}
_WORDS = {_words(name): cell for name, cell in LONG_NAMES.items()}
