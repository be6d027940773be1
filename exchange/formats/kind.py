"""What a kind of file is made of: its fields in the order of its row, and how a row is made of values.

A kind is declared once, in the module of its name. Values come in the order of its fields, out of whatever
file format. `quick` turns values that are plainly right into a row in about a microsecond and returns None
for all others; those are looked at `closely`, which finds the words for what is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from exchange.formats.rows import BadRow, Row
from exchange.formats.values import Unfit

if TYPE_CHECKING:
    from exchange.formats.answers import Tool

Values: TypeAlias = tuple[Any, ...]

new_row = tuple.__new__
"""`new_row(PairRow, values)` is `PairRow(*values)` in two thirds of the time; for quick paths only."""


class Missing:
    """Stands for a value that the row should have had."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Field(NamedTuple):
    """One field of a kind: how a value is checked, what stands for an absent one, its other names."""

    name: str
    check: Callable[[object], object]
    blank: object = ""
    aliases: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        return self.blank is MISSING


class Kind(NamedTuple):
    """A kind of file. `fields` are those of `row` in order, without `line`.

    quick: values → row, or None where they are not plainly right.
    amiss: what is wrong with a row whose values are all right one by one, as (field, reason).
    restore: what was done to the cells of a CSV file when it was written, undone.
    layouts: number of columns → fields in that order (None: metadata), for files without a header.
    tool: of a labelling tool's files, each record of which gives several rows; its fields are then what a
    column can be mapped to, not those of the row.
    """

    name: str
    row: Callable[..., Row]
    fields: tuple[Field, ...]
    quick: Callable[[int, Values], Row | None]
    amiss: Callable[[Any], tuple[str, str] | None] | None = None
    restore: Callable[[list[str]], list[str]] | None = None
    layouts: Mapping[int, tuple[str | None, ...]] = {}
    tool: "Tool | None" = None

    @property
    def keeps_metadata(self) -> bool:
        return self.fields[-1].name == "metadata"


def closely(kind: Kind, line: int, values: Sequence[object], columns: Mapping[str, str]) -> Row | BadRow:
    """Make a row of the values, or say what is wrong with the first bad one; columns: field → the file's."""
    checked: list[object] = []
    for field, value in zip(kind.fields, values, strict=True):
        column = columns.get(field.name, field.name)
        if value is MISSING:
            return BadRow(
                line, column, f"The row has no {column!r}. Add it, or name the column that holds it."
            )
        try:
            checked.append(field.check(value))
        except Unfit as unfit:
            return BadRow(line, column, str(unfit))
    row = kind.row(line, *checked)
    if kind.amiss is not None and (found := kind.amiss(row)):
        name, reason = found
        return BadRow(line, columns.get(name, name), reason)
    return row


def never_quick(line: int, values: Values) -> None:
    """The quick path of kinds whose files are small enough to look at every row closely."""
