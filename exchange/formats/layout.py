"""The shape of a text file: JSON Lines, a JSON list, TREC, or delimited cells with or without a header."""

import csv
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from io import StringIO
from typing import Any, NamedTuple

import orjson

from exchange.formats.delimited import cells_of
from exchange.formats.json_list import read_entries
from exchange.formats.kinds import KINDS, TOOLS
from exchange.formats.lines import BrokenAt
from exchange.formats.names import normalised
from exchange.formats.rows import FileProblem
from exchange.formats.trec import COLUMNS

DELIMITERS = ("\t", ",", ";", "|")
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?\Z")
LOOK_AT = 200


class Layout(NamedTuple):
    """file_format: "jsonl", "json", "trec", "trec_topics", "csv" or "tsv".

    columns: as the file names them, () where it does not. rows: its first rows of cells, without the header;
    where there is none, those with the usual number of cells. objects: the first ones of a JSON file.
    """

    file_format: str
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    quote: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    objects: tuple[dict[str, Any], ...] = ()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The first objects, or the first rows with a cell for every column of the header."""
        if not self.delimiter:
            return list(self.objects)
        n_columns = len(self.columns)
        filled = [(*row, *[""] * (n_columns - len(row))) for row in self.rows]
        return [dict(zip(self.columns, row, strict=True)) for row in filled if len(row) == n_columns]


def recognise(text: str, name: str, *, kind: str | None, mapped: Collection[str]) -> Layout:
    """The layout of a file that begins with the text; `mapped` are columns that the user named.

    Raises FileProblem where nothing fits.
    """
    lines = [line for line in text.split("\n")[:LOOK_AT] if line.strip()]
    if not lines:
        raise FileProblem(f"{name} has nothing but blank lines in it.")
    start = lines[0].lstrip()
    if start.startswith("["):
        return _list(text, name)
    if start.startswith("{"):
        for tool in [KINDS[kind]] if kind else TOOLS:
            if tool.tool and tool.tool.within and f'"{tool.tool.within}"' in text:
                return _list(text, name, within=tool.tool.within)
        objects = _objects(lines)
        return Layout("jsonl", _keys(objects), objects=objects)
    if any(line.lstrip().lower().startswith("<top>") for line in lines) and kind in (None, "topics"):
        return Layout("trec_topics")
    if "\n" not in text and "\r" in text.strip("\r"):
        raise FileProblem(
            f"{name} ends its lines as old Macintosh files do. Save it with Unix or Windows line ends."
        )
    if _is_run(lines) and kind in (None, "system"):
        return Layout("trec", COLUMNS["system"])
    if _is_qrels(lines) and (kind is None or COLUMNS.get(kind) == COLUMNS["qrels"]):
        return Layout("trec", COLUMNS["qrels"])
    return _delimited(text, name, known=_known_names(kind), mapped=mapped)


def _list(text: str, name: str, *, within: str = "") -> Layout:
    """The layout of a JSON list, or of the one under a key; its beginning is enough."""
    entries: list[Any] = []
    reason = "it has no objects in it"
    try:
        for batch in read_entries([text], within=within):
            entries.extend(entry for _, entry in batch[: LOOK_AT - len(entries)])
    except BrokenAt as broken:
        reason = broken.reason
    objects = tuple(entry for entry in entries if isinstance(entry, dict) and _can_be_shown(entry))
    if not objects:
        raise FileProblem(
            f"{name} begins as a JSON list, but {reason}. Concord reads lists of objects, and JSON Lines."
        )
    return Layout("json", _keys(objects), objects=objects)


def _objects(lines: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """The objects among the first lines."""
    objects = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and _can_be_shown(record):
            objects.append(record)
    return tuple(objects)


def _can_be_shown(record: dict[str, Any]) -> bool:
    """Whether it is all text that UTF-8 can say: half of a surrogate pair is not."""
    try:
        orjson.dumps(record)
    except TypeError:
        return False
    return True


def _keys(objects: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The keys of the first objects, in the order in which they appear."""
    return tuple(dict.fromkeys(key for record in objects for key in record))


def _is_run(lines: Sequence[str]) -> bool:
    rows = [line.split() for line in lines]
    fitting = sum(len(row) == 6 and bool(NUMBER.match(row[3]) and NUMBER.match(row[4])) for row in rows)
    return fitting > 0.5 * len(rows)


def _is_qrels(lines: Sequence[str]) -> bool:
    rows = [line.split() for line in lines if line.count("\t") != 1]
    fitting = sum(len(row) == 4 and row[1].isalnum() and bool(NUMBER.match(row[3])) for row in rows)
    return fitting > 0.5 * len(lines)


def _known_names(kind: str | None) -> frozenset[str]:
    kinds = KINDS.values() if kind is None else [KINDS[kind]]
    return frozenset(name for one in kinds for field in one.fields for name in (field.name, *field.aliases))


def _delimited(text: str, name: str, *, known: Collection[str], mapped: Collection[str]) -> Layout:
    """Cells, by the delimiter that gives the first line known names, else by the one that always fits."""
    chances = []
    for place, delimiter in enumerate(DELIMITERS):
        rows = _cells(text, delimiter, '"') or _cells(text, delimiter, "")
        if not rows or len(rows[0]) < 2:
            continue
        n_known = sum(cell in mapped or normalised(cell) in known for cell in rows[0])
        usual, n_usual = Counter(map(len, rows)).most_common(1)[0]
        chances.append((n_known, n_usual / len(rows) * (usual > 1), -place, delimiter))
    if not chances:
        raise FileProblem(
            f"{name}: no columns can be told apart. Concord reads CSV, TSV, JSON Lines and TREC files; "
            "separate the columns with commas or tabs."
        )
    delimiter = max(chances)[-1]
    quoted = _cells(text, delimiter, '"') or _cells(text, delimiter, "")
    has_header = _is_header(quoted[0], known, mapped)
    quote = '"' if delimiter != "\t" or _obeys_quotes(text, has_header) else ""
    rows = quoted if quote else _cells(text, delimiter, "")
    columns: tuple[str, ...] = ()
    if has_header:
        columns = _named(rows[0], name)
        rows = rows[1:]
    else:
        usual, _ = Counter(map(len, rows)).most_common(1)[0]
        rows = [row for row in rows if len(row) == usual]
    file_format = "tsv" if delimiter == "\t" else "csv"
    return Layout(file_format, columns, delimiter, quote, tuple(map(tuple, rows)))


def _cells(text: str, delimiter: str, quote: str) -> list[list[str]]:
    """The first rows; those that break the rules of CSV are left out."""
    reader = cells_of(StringIO(text, newline="\n"), delimiter, quote)
    rows: list[list[str]] = []
    while len(rows) < LOOK_AT:
        try:
            cells = next(reader)
        except csv.Error:
            continue
        except StopIteration:
            break
        if cells:
            rows.append(cells)
    return rows


def _is_header(cells: Sequence[str], known: Collection[str], mapped: Collection[str]) -> bool:
    if any(cell in mapped for cell in cells):
        return True
    return any(normalised(cell) in known for cell in cells) and not any(map(NUMBER.match, cells))


def _obeys_quotes(text: str, has_header: bool) -> bool:
    """Are double quotes in this TSV quoting, and not just characters of the texts, as in MS MARCO's files?

    Without a header they are when the first id is quoted; with one, unless only ignoring them makes the rows
    even.
    """
    if not has_header:
        return text.startswith('"')
    unevenness = [len(set(map(len, _cells(text, "\t", quote)))) for quote in ('"', "")]
    n_quoted, n_plain = (len(_cells(text, "\t", quote)) for quote in ('"', ""))
    return not (unevenness[1] == 1 and (unevenness[0] > 1 or n_quoted < n_plain))


def _named(cells: Sequence[str], name: str) -> tuple[str, ...]:
    columns = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, start=1))
    twice = [column for column, n in Counter(columns).items() if n > 1]
    if twice:
        raise FileProblem(f"{name} has more than one column named {twice[0]!r}. Give each a name of its own.")
    return columns
