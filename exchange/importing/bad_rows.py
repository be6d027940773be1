"""The rows an import could not take: counted all, the first hundred kept, all of them written to a file."""

import csv
from collections.abc import Mapping
from pathlib import Path

from corpus.formula_guard import guard_cell
from exchange.formats.rows import BadRow

SHOWN = 100
HELD = 50_000


class BadRows:
    """Collects bad rows; the file with all of them exists only when there is one.

    Rows are taken in the order in which they are found and written, chunk by chunk, in line order; of
    several reasons for one line the first counts, so that `n` is a number of rows. `flush` ends a chunk.
    columns: our field → the file's column, by which `add` names it.
    """

    def __init__(self, path: Path, *, columns: Mapping[str, str]) -> None:
        self.path = path
        self.columns = columns
        self.n = 0
        self.first: list[BadRow] = []
        self._found: dict[int, BadRow] = {}
        self._file = None
        self._writer = None

    def add(self, line: int, field: str, reason: str) -> None:
        """A row that cannot be stored because of what is in this field of ours."""
        self.take(BadRow(line, self.columns.get(field, field), reason))

    def take(self, bad: BadRow) -> None:
        """A row that the reader refused."""
        if bad.line not in self._found:
            self._found[bad.line] = bad
            self.n += 1
            if len(self._found) == HELD:
                self.flush()

    def flush(self) -> None:
        """Write what was found since the last call, in line order."""
        if not self._found:
            return
        found = sorted(self._found.values(), key=lambda bad: bad.line)
        self._found = {}
        self.first = sorted([*self.first, *found[:SHOWN]], key=lambda bad: bad.line)[:SHOWN]
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "column", "reason"])
        self._writer.writerows([bad.line, guard_cell(bad.column), guard_cell(bad.reason)] for bad in found)

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            self._file.close()

    def as_result(self) -> list[dict]:
        """The first hundred, in line order, as a job's result keeps them."""
        self.flush()
        return [bad._asdict() for bad in self.first]
