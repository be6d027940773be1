"""JSON Lines: one JSON object a line; and the same objects in one JSON list."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeAlias

import orjson

from exchange.formats.columns import claimed_by_fields, field_named, left_out
from exchange.formats.json_list import Entry
from exchange.formats.kind import MISSING, Kind, Values, closely
from exchange.formats.lines import Block, undecodable
from exchange.formats.rows import BadRow, Row
from exchange.formats.values import Unfit, metadata_or_none

RowsOf: TypeAlias = Callable[[int, dict[str, Any]], list[Row | BadRow]]


class ObjectReader:
    """Takes the fields' values out of objects whose keys may differ from line to line.

    `blank` has a key for every field, so that `blank | object` has them all; a key beyond those is metadata,
    or turns out to be a field that no line had so far.
    """

    def __init__(self, kind: Kind, mapping: Mapping[str, str]) -> None:
        self.kind = kind
        self.mapping = claimed_by_fields(mapping)
        self.kept_out = set(mapping) - set(self.mapping)
        self.ignored = left_out(mapping)
        self._claim_keys()

    def _claim_keys(self) -> None:
        self.columns = {ours: theirs for theirs, ours in self.mapping.items()}
        keys = [self.columns.get(field.name, (field.name,)) for field in self.kind.fields]
        self.blank: dict[Any, Any] = {
            key: field.blank for key, field in zip(keys, self.kind.fields, strict=True)
        }
        self.pick = itemgetter(*keys)
        self.metadata_key = keys[-1] if self.kind.keeps_metadata else None

    def rows(self, line: int, record: dict[str, Any]) -> list[Row | BadRow]:
        """The object's one row, in the shape that readers of several rows an object have."""
        values = self.values_with_metadata(record)
        return [self.kind.quick(line, values) or closely(self.kind, line, values, self.columns)]

    def values_with_metadata(self, record: dict[str, Any]) -> Values:
        """The values of an object with keys that no field has claimed."""
        extras = {
            key: value for key, value in record.items() if key not in self.blank and key not in self.ignored
        }
        for key in list(extras):
            if self._learn(key):
                del extras[key]
        merged = self.blank | record
        if extras and self.metadata_key is not None:
            merged[self.metadata_key] = _joined(merged[self.metadata_key], extras)
        values: Values = self.pick(merged)
        return values

    def _learn(self, key: str) -> bool:
        """Give the key to the field that it names, if no other key serves that field yet."""
        field = field_named(self.kind, key)
        if field is None or field.name in self.columns or key in self.kept_out:
            return False
        self.mapping[key] = field.name
        self._claim_keys()
        return True


def read_objects(blocks: Iterable[Block], rows_of: RowsOf) -> Iterator[list[Row | BadRow]]:
    """Yield the rows of each block's lines, of which each may give several."""
    for first_line, data, spoiled in blocks:
        rows: list[Row | BadRow] = []
        for line, raw in enumerate(data.split(b"\n"), first_line):
            try:
                record = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                record = _second_look(line, raw, error, spoiled)
                if record is None:
                    continue
            rows.extend(_rows_of(line, record, rows_of, where="line"))
        yield rows


def read_list(entries: Iterable[list[Entry]], rows_of: RowsOf) -> Iterator[list[Row | BadRow]]:
    """Yield the rows of a JSON list's entries; a row's line is the number of its entry."""
    for batch in entries:
        rows: list[Row | BadRow] = []
        for number, entry in batch:
            try:
                orjson.dumps(entry)
            except TypeError as error:
                reason = f"The entry cannot be stored ({error}). Take out what is no text or number in it."
                rows.append(BadRow(number, "", reason))
            else:
                rows.extend(_rows_of(number, entry, rows_of, where="entry"))
        yield rows


def _rows_of(line: int, record: Any, rows_of: RowsOf, *, where: str) -> list[Row | BadRow]:
    if type(record) is dict:
        return rows_of(line, record)
    return [record if isinstance(record, BadRow) else _no_object(line, record, where)]


def read_jsonl(
    blocks: Iterable[Block], kind: Kind, mapping: Mapping[str, str]
) -> Iterator[list[Row | BadRow]]:
    """Yield the rows of each block; `mapping` is theirs → ours."""
    reader = ObjectReader(kind, mapping)
    quick, loads = kind.quick, orjson.loads
    for first_line, data, spoiled in blocks:
        rows: list[Row | BadRow] = []
        add = rows.append
        n_keys, blank, pick = len(reader.blank), reader.blank, reader.pick
        for line, raw in enumerate(data.split(b"\n"), first_line):
            try:
                record = loads(raw)
            except orjson.JSONDecodeError as error:
                record = _second_look(line, raw, error, spoiled)
                if record is None:
                    continue
            if type(record) is not dict:
                add(record if isinstance(record, BadRow) else _no_object(line, record))
                continue
            merged = blank | record
            if len(merged) == n_keys:
                values = pick(merged)
            else:
                values = reader.values_with_metadata(record)
                n_keys, blank, pick = len(reader.blank), reader.blank, reader.pick
            add(quick(line, values) or closely(kind, line, values, reader.columns))
        yield rows


def _second_look(line: int, raw: bytes, error: orjson.JSONDecodeError, spoiled: dict[int, BadRow]) -> Any:
    """What stands in a line that is no JSON: an object with NaN in it, nothing (None), or a bad row."""
    if not raw.strip():
        return spoiled.get(line)
    try:
        text = raw.decode()
    except UnicodeDecodeError as undecoded:
        return undecodable(line, "utf-8", undecoded)
    if "NaN" in text or "Infinity" in text:
        try:
            record = json.loads(text, parse_constant=str)
            orjson.dumps(record)
        except (ValueError, RecursionError, TypeError):
            pass
        else:
            return record
    return BadRow(line, "", f"The line is no JSON ({error.msg}, character {error.pos + 1}). {_remedy(text)}")


def _remedy(text: str) -> str:
    start = text.lstrip()
    if start.startswith(("[", "]", ",")) or text.rstrip().endswith(","):
        return "JSON Lines has one object a line and no list around them; jq -c '.[]' makes them of a list."
    if start in ("{", "}") or not text.rstrip().endswith("}"):
        return "Write each object on one line of its own, to its closing brace."
    return "Check its quotes and commas."


def _no_object(line: int, found: object, where: str = "line") -> BadRow:
    said = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(
        type(found), "a number"
    )
    return BadRow(line, "", f"The {where} holds {said}, not a JSON object. Write it as {{column: value, …}}.")


def _joined(metadata: object, extras: dict[str, Any]) -> object:
    """The file's own metadata with the keys that no field claimed."""
    try:
        own = None if metadata is MISSING else metadata_or_none(metadata)
    except Unfit:
        return metadata
    return {**(own or {}), **extras}
