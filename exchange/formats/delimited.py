"""CSV and TSV: cells between delimiters, quoted where they hold one (RFC 4180), or never quoted."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from exchange.formats.cells import CellPicker
from exchange.formats.kind import Kind, closely
from exchange.formats.lines import LINE_LIMIT, BrokenAt, TextBlock
from exchange.formats.rows import BadRow, Row

if TYPE_CHECKING:
    import _csv

ROWS_AT_ONCE = 2000


def cells_of(lines: Iterable[str], delimiter: str, quote: str) -> "_csv.Reader":
    """A reader of cells; a cell that breaks the quoting rules raises csv.Error."""
    if csv.field_size_limit() < LINE_LIMIT:
        csv.field_size_limit(LINE_LIMIT)
    if quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=quote, doublequote=True, strict=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def read_delimited(
    blocks: Iterable[TextBlock],
    kind: Kind,
    mapping: Mapping[str, str],
    *,
    delimiter: str,
    quote: str,
    columns: Sequence[str],
    n_header_lines: int,
    rows_of: Callable[[int, dict[str, Any]], list[Row | BadRow]] | None = None,
) -> Iterator[list[Row | BadRow]]:
    """Yield rows in lists. `columns` are the file's columns in order, `mapping` is theirs → ours.

    rows_of: makes the rows of a labelling tool's line, which may be several, of its cells by column; the
    cells that the line does not write to its end are empty.
    """
    spoiled: dict[int, BadRow] = {}
    picker = CellPicker(kind, mapping, columns, kept=columns)
    reader = cells_of(_lines(blocks, spoiled), delimiter, quote)
    restore, quick, n_columns = kind.restore, kind.quick, len(columns)
    rows: list[Row | BadRow] = []
    before = 0
    n_headers_left = n_header_lines
    while True:
        try:
            for cells in reader:
                line = before + 1
                before = reader.line_num
                if spoiled and (found := _spoiled_within(spoiled, line, before)):
                    rows.extend(found)
                    continue
                if not cells:
                    continue
                if n_headers_left:
                    n_headers_left -= 1
                    continue
                if rows_of is not None and len(cells) < n_columns:
                    cells += [""] * (n_columns - len(cells))
                if len(cells) != n_columns:
                    rows.append(_miscounted(line, cells, columns, delimiter))
                    continue
                if restore is not None:
                    cells = restore(cells)
                if rows_of is not None:
                    rows.extend(rows_of(line, dict(zip(columns, cells, strict=True))))
                else:
                    values = picker.values(cells)
                    rows.append(quick(line, values) or closely(kind, line, values, picker.columns))
                if len(rows) >= ROWS_AT_ONCE:
                    yield rows
                    rows = []
            break
        except csv.Error as error:
            rows.append(_misquoted(before + 1, reader.line_num, str(error)))
            before = reader.line_num
        except BrokenAt:
            yield rows
            raise
    yield [*rows, *(spoiled[line] for line in sorted(spoiled))]


def _lines(blocks: Iterable[TextBlock], spoiled: dict[int, BadRow]) -> Iterator[str]:
    """The lines with their ends, for csv; what could not be read is noted when its line is asked for."""
    for block in blocks:
        spoiled.update(block.spoiled)
        yield from StringIO(block.text, newline="\n")


def _spoiled_within(spoiled: dict[int, BadRow], first: int, last: int) -> list[BadRow]:
    """Take out what is spoiled between two lines: a row that spans such a line is lost with it."""
    return [spoiled.pop(line) for line in sorted(spoiled) if first <= line <= last]


def _miscounted(line: int, cells: Sequence[str], columns: Sequence[str], delimiter: str) -> BadRow:
    delimiter_said = {"\t": "a tab", ",": "a comma", ";": "a semicolon"}.get(delimiter, repr(delimiter))
    return BadRow(
        line,
        "",
        f"The row has {len(cells)} cell{'s'[: len(cells) != 1]}, the file {len(columns)} columns. "
        f"A text with {delimiter_said} or a line break in it needs double quotes around it.",
    )


def _misquoted(line: int, last_line: int, error: str) -> BadRow:
    """What csv says, in words."""
    if "field larger than" in error:
        reason = (
            f"A cell is longer than {LINE_LIMIT >> 20} MB, the most there can be. Is a closing quote missing?"
        )
    elif "unexpected end of data" in error:
        reason = (
            f"A quoted cell is still open at the file's end, line {last_line}. Close it, or double the quote."
        )
    elif "new-line character" in error:
        reason = "A cell has a carriage return in it. Put double quotes around the cell, or take it out."
    elif "expected after" in error:
        reason = "There is text after a cell's closing quote. Inside a quoted cell, write quotes twice."
    else:
        reason = f"The row breaks the rules of CSV ({error}). Check its quotes."
    return BadRow(line, "", reason)
