"""The rows an import could not take: counted all, the first hundred kept, all of them written to a file."""

import csv
from pathlib import Path

from exchange.formats.formula_guard import guard_cell
from exchange.formats.rows import BadRow

SHOWN = 100


class BadRows:
    """Collects bad rows; the file with all of them exists only when there is one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n = 0
        self.first: list[BadRow] = []
        self._file = None
        self._writer = None

    def add(self, line: int, column: str, reason: str) -> None:
        self.take(BadRow(line, column, reason))

    def take(self, bad: BadRow) -> None:
        self.n += 1
        if len(self.first) < SHOWN:
            self.first.append(bad)
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "column", "reason"])
        self._writer.writerow([bad.line, guard_cell(bad.column), guard_cell(bad.reason)])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def as_result(self) -> list[dict]:
        """The first hundred, in line order, as a job's result keeps them."""
        return [bad._asdict() for bad in sorted(self.first, key=lambda bad: bad.line)]
