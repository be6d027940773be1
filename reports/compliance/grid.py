"""The 3×2 grid of one judge: six cells, and the contrasts on the lines between them."""

from typing import NamedTuple

from reports.compliance.cells import FRAMING_WORDS, SUFFIX_WORDS
from reports.compliance.figures import CellChange, CellFigures, Report

# Rows by framing with the neutral one in the middle, so that every planned contrast lies between neighbours.
ROWS = (("B0", "B1"), ("N0", "N1"), ("T0", "T1"))


class GridCell(NamedTuple):
    name: str
    framing: str
    suffix: str
    figures: CellFigures | None


class GridRow(NamedTuple):
    """One framing, without and with the suffix, and what lies between it and the next one below."""

    off: GridCell
    on: GridCell
    across: CellChange | None  # from off to on
    below_off: CellChange | None
    below_on: CellChange | None
    diagonal: CellChange | None  # from off down to the next row's on
    is_last: bool


def grid(report: Report, judge: int) -> list[GridRow]:
    """The rows of the grid, those without any cell left out."""
    figures = report.of_judge(judge)
    changes = {
        frozenset((each.first, each.second)): each for each in report.planned_of(judge) if each.change.n_items
    }
    present = [row for row in ROWS if set(row) & set(figures)]
    rows = []
    for place, (off, on) in enumerate(present):
        is_last = place == len(present) - 1
        next_off, next_on = ("", "") if is_last else present[place + 1]
        rows.append(
            GridRow(
                _cell(off, figures),
                _cell(on, figures),
                changes.get(frozenset((off, on))),
                changes.get(frozenset((off, next_off))),
                changes.get(frozenset((on, next_on))),
                changes.get(frozenset((off, next_on))),
                is_last,
            )
        )
    return rows


def _cell(name: str, figures: dict[str, CellFigures]) -> GridCell:
    return GridCell(name, FRAMING_WORDS[name[0]], SUFFIX_WORDS[name[1]], figures.get(name))
