"""Cells that a spreadsheet would run as formulas: written with an apostrophe before them, read without.

The rule, in one regular expression that Python's `re` and PostgreSQL's `~` read alike: a cell is guarded when
- its first character is an apostrophe (so that taking one away is always right), or
- it begins with = + - @, a tab, a carriage return, or the full-width ＝ ＋ － ＠, with or without blanks,
  line breaks or a byte order mark before them,
unless the whole cell is a plain number such as -0.5 or +1e-3, which a spreadsheet may well read as one.

Guarding adds one apostrophe; undoing it takes one away. Every text comes back as it was, because every text
that begins with an apostrophe was guarded too. In SQL: `CASE WHEN cell ~ GUARD_REGEX THEN '''' || cell ELSE
cell END`.
"""

import re

PLAIN_NUMBER = r"[-+]?[0-9]+(?:[.][0-9]+)?(?:[eE][-+]?[0-9]+)?"
BLANKS = "[ \n\v\f\u00a0\u3000\ufeff]*"
STARTERS = "[=+@\t\r＝＋－＠-]"
GUARD_REGEX = rf"\A(?!{PLAIN_NUMBER}\Z)(?:'|{BLANKS}{STARTERS})"

_could_run = re.compile(GUARD_REGEX).match


def guard_cell(cell: str) -> str:
    """Return the cell as it is safely written into a CSV file."""
    return "'" + cell if _could_run(cell) else cell


def unguard_cell(cell: str) -> str:
    """Return the text that `guard_cell` was given."""
    return cell[1:] if cell[:1] == "'" else cell


def unguard_cells(cells: list[str]) -> list[str]:
    """`unguard_cell` for a whole row; rows without an apostrophe, nearly all, are returned as they are."""
    if "'" not in "".join(cells):
        return cells
    return [cell[1:] if cell[:1] == "'" else cell for cell in cells]
