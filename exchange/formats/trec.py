"""TREC's white-space columns: qrels (four) and run files (six)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exchange.formats.cells import CellPicker
from exchange.formats.kind import Kind, closely
from exchange.formats.lines import TextBlock
from exchange.formats.rows import BadRow, Row

QRELS = ("query_id", "iteration", "candidate_id", "grade")
RUN = ("query_id", "Q0", "candidate_id", "rank", "score", "system")
COLUMNS = {"qrels": QRELS, "labels": QRELS, "verdicts": QRELS, "system": RUN}


def read_trec(
    blocks: Iterable[TextBlock], kind: Kind, mapping: Mapping[str, str], columns: Sequence[str]
) -> Iterator[list[Row | BadRow]]:
    """Yield the rows of each block. `mapping` is theirs → ours; iteration, Q0 and rank are read by nobody."""
    picker = CellPicker(kind, mapping, columns, kept=())
    quick, values_of, n_columns = kind.quick, picker.values, len(columns)
    for first_line, text, spoiled in blocks:
        rows: list[Row | BadRow] = []
        add = rows.append
        for line, content in enumerate(text.split("\n"), first_line):
            cells = content.split()
            if len(cells) == n_columns:
                values = values_of(cells)
                add(quick(line, values) or closely(kind, line, values, picker.columns))
            elif cells:
                add(_miscounted(line, len(cells), columns))
            elif line in spoiled:
                add(spoiled[line])
        yield rows


def _miscounted(line: int, n_cells: int, columns: Sequence[str]) -> BadRow:
    reason = f"The line has {n_cells} columns and should have {len(columns)}: {' '.join(columns)}."
    return BadRow(line, "", reason)
