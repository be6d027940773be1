"""The long table as JSON lines: every column of every row, in the table's order."""

from collections.abc import Iterator
from typing import Any

from exchange.datasets.table import Group, Row
from exchange.datasets.writers.base import Choices, Format, Line, Missed, as_line, plain


def lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    fields: Any = Row._fields
    yield "table.jsonl", b"".join([as_line(dict(zip(fields, row, strict=True))) for row in group.rows])


FORMAT = Format(
    "jsonl",
    "The long table as JSON Lines",
    "Tables",
    "Scripts without Parquet: every row with state, grade, score, judge and rule.",
    plain(lines),
    evaluates=True,
)
