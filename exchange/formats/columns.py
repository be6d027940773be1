"""Which of the file's columns is which of our fields: by explicit mapping first, then by known names.

A mapping is theirs → ours; ours may be a field's name or any of its other names. Mapped to "metadata", a
column is kept under its own name and out of the guessing; mapped to "ignore", it is left out altogether. What
was a guess among several is said in a note.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange.formats.kind import Field, Kind
from exchange.formats.names import normalised
from exchange.formats.rows import FileProblem

METADATA = "metadata"
IGNORED = "ignore"


class Columns(NamedTuple):
    """theirs → ours for the columns whose place is settled, and what to tell the user about it."""

    mapping: dict[str, str]
    notes: tuple[str, ...]


def field_named(kind: Kind, name: str) -> Field | None:
    """The field that carries this name or has it as another name."""
    wanted = normalised(name)
    for field in kind.fields:
        if wanted == field.name:
            return field
    for field in kind.fields:
        if wanted in field.aliases:
            return field
    return None


def claimed_by_fields(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping without the columns that are left out or kept as metadata under their own names."""
    return {
        theirs: ours
        for theirs, ours in mapping.items()
        if ours != IGNORED and (ours != METADATA or normalised(theirs) == METADATA)
    }


def left_out(mapping: Mapping[str, str]) -> frozenset[str]:
    """The columns that are kept nowhere, not even as metadata."""
    return frozenset(theirs for theirs, ours in mapping.items() if ours == IGNORED)


def match_columns(kind: Kind, columns: Sequence[str], mapping: Mapping[str, str] | None) -> Columns:
    """Find a column for every field. Raises FileProblem if the mapping is wrong or a needed field has none.

    No columns at all (nothing of the file is known yet) is no problem.
    """
    asked = _asked_for(kind, columns, mapping or {})
    found = claimed_by_fields(asked)
    kept_out = [theirs for theirs in asked if theirs not in found]
    notes = []
    for field in kind.fields:
        if field.name in found.values():
            continue
        free = [column for column in columns if column not in found and column not in kept_out]
        claims = _claims(field, free)
        if not claims:
            continue
        found[claims[0]] = field.name
        if field.name == "query_id" and normalised(claims[0]) == "query":
            notes.append(f"There is no column of query ids: the text under {claims[0]!r} is the id.")
        rivals = [column for column in claims[1:] if not _is_claimed_elsewhere(kind, field, column)]
        if rivals:
            notes.append(_rivalry(kind, field, claims[0], rivals))
    if columns:
        _demand_needed(kind, columns, found)
        left = [column for column in columns if column not in found and asked.get(column) != IGNORED]
        if left and not kind.keeps_metadata:
            notes.append(f"Not kept, a file of {kind.name} has no place for it: {', '.join(left)}.")
    settled = {**found, **{theirs: asked[theirs] for theirs in kept_out}}
    return Columns(
        {column: settled[column] for column in [*columns, *settled] if column in settled}, tuple(notes)
    )


def _asked_for(kind: Kind, columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    asked: dict[str, str] = {}
    for theirs, ours in mapping.items():
        if columns and theirs not in columns:
            raise FileProblem(f"There is no column {theirs!r} to map. The file has: {', '.join(columns)}.")
        field = field_named(kind, ours)
        if field is None and normalised(ours) not in (METADATA, IGNORED):
            known = ", ".join(known.name for known in kind.fields)
            raise FileProblem(
                f"{theirs}={ours}: a file of {kind.name} has no field {ours!r}. Name one of: {known}."
            )
        name = field.name if field else normalised(ours)
        if name in asked.values() and name not in (METADATA, IGNORED):
            raise FileProblem(f"Two columns are mapped to {name!r}. Map only one of them.")
        asked[theirs] = name
    return asked


def _claims(field: Field, columns: Sequence[str]) -> list[str]:
    """The columns whose names fit the field, the most believed first."""
    believed = (field.name, *field.aliases)
    fitting = [column for column in columns if normalised(column) in believed]
    return sorted(fitting, key=lambda column: believed.index(normalised(column)))


def _is_claimed_elsewhere(kind: Kind, field: Field, column: str) -> bool:
    """Would another field take the column by its own name, so that nobody need be asked?"""
    return any(normalised(column) in (other.name, *other.aliases) for other in kind.fields if other != field)


def _rivalry(kind: Kind, field: Field, taken: str, rivals: Sequence[str]) -> str:
    fate = "kept as metadata" if kind.keeps_metadata else "not kept"
    listed = ", ".join(repr(rival) for rival in rivals)
    return f"{taken!r} was taken for {field.name}; {listed} could be it too and is {fate}. --map settles it."


def _demand_needed(kind: Kind, columns: Sequence[str], found: Mapping[str, str]) -> None:
    lacking = [field.name for field in kind.fields if field.is_needed and field.name not in found.values()]
    if lacking:
        one = lacking[0]
        raise FileProblem(
            f"A file of {kind.name} needs {', '.join(lacking)}, and no column looks like it. "
            f"The file has: {', '.join(columns)}. Say which one it is, for example --map {columns[-1]}={one}."
        )
