"""What the document is made of."""

from math import isfinite
from typing import Any, NamedTuple

from reports.charts.figure import Figure


class Table(NamedTuple):
    """A table in words."""

    caption: str
    columns: list[str]
    rows: list[list[str]]


class Section(NamedTuple):
    """A part of the document."""

    key: str
    title: str
    sentences: list[str]
    tables: list[Table]
    figures: list[Figure]
    data: Any  # the same for JSON
    is_folded: bool = False


def say_p(p: float) -> str:
    """A p-value in a table; a dash where it is undefined."""
    if not isfinite(p):
        return "–"
    return f"{p:.4f}" if p >= 0.0001 else "< 0.0001"
