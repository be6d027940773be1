"""The fields' values out of a row of cells."""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from exchange.formats.columns import claimed_by_fields, left_out
from exchange.formats.kind import Kind, Values
from exchange.formats.values import Unfit, metadata_or_none


class CellPicker:
    """Takes the fields' values out of a row's cells, blanks for fields that have no column.

    mapping: theirs → ours. kept: the columns that become metadata where no field claims them.
    """

    def __init__(
        self, kind: Kind, mapping: Mapping[str, str], columns: Sequence[str], *, kept: Sequence[str]
    ) -> None:
        claimed, ignored = claimed_by_fields(mapping), left_out(mapping)
        self.columns = {ours: theirs for theirs, ours in claimed.items()}
        self._blanks = [field.blank for field in kind.fields]
        places = [
            columns.index(self.columns[field.name]) if field.name in self.columns else len(columns) + place
            for place, field in enumerate(kind.fields)
        ]
        self._pick = itemgetter(*places)
        self._extras = [
            (column, columns.index(column))
            for column in kept
            if column not in claimed and column not in ignored and kind.keeps_metadata
        ]
        self._metadata_place = places[-1]

    def values(self, cells: list[str]) -> Values:
        """The values in the order of the kind's fields."""
        full: list[object] = [*cells, *self._blanks]
        if self._extras:
            extras = {column: cells[place] for column, place in self._extras if cells[place]}
            full[self._metadata_place] = _joined(full[self._metadata_place], extras)
        values: Values = self._pick(full)
        return values


def _joined(own: object, extras: dict[str, str]) -> object:
    """The cell of the file's own metadata column with the columns that no field claimed."""
    if not own:
        return extras
    try:
        return {**(metadata_or_none(own) or {}), **extras}
    except Unfit:
        return own
