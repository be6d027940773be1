"""The files of a dataset while they are written: opened when their first line comes, hashed as they grow."""

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from exchange.datasets.table import Group
from exchange.datasets.writers.base import Choices, Format, Missed

BLOCK_BYTES = 1 << 20
MOST_WAITING = 4  # blocks on their way to the disk


class Written(NamedTuple):
    """A finished file, by its path within the release."""

    path: str
    format: str
    n_rows: int
    n_bytes: int
    sha256: str


class _File:
    def __init__(self, target: BinaryIO, format_name: str, head: bytes) -> None:
        self.target, self.format = target, format_name
        self.digest = hashlib.sha256()
        self.n_bytes, self.n_lines = 0, -head.count(b"\n")
        self.held, self.n_held = [head], len(head)

    def append(self, block: list[bytes]) -> None:
        """In the writer's thread: to the disk, and into the checksum."""
        data = b"".join(block)
        self.target.write(data)
        self.digest.update(data)
        self.n_bytes += len(data)
        self.n_lines += data.count(b"\n")


class Outputs:
    """Gives each query's rows to every format and the lines to their files; writing goes on in a thread.

    Test queries are held out of formats that do not evaluate. `missed` tells what each format left out.
    """

    def __init__(self, folder: Path, formats: Sequence[Format], choices: Choices) -> None:
        self.folder = folder
        self.missed: dict[str, Missed] = {each.name: Counter() for each in formats}
        self._running = [(each, each.start(choices, self.missed[each.name])) for each in formats]
        self._files: dict[str, _File] = {}
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="release-writer")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> "Outputs":
        for form, _ in self._running:
            for path, data in form.extras.items():
                self._add(path, form, data)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                for file in self._files.values():
                    self._flush(file)
                while self._waiting:
                    self._waiting.popleft().result()
        finally:
            self._writer.shutdown()
            for file in self._files.values():
                file.target.close()

    @property
    def written(self) -> list[Written]:
        """The files, by path; to be asked once all is written."""
        return [
            Written(path, file.format, file.n_lines, file.n_bytes, file.digest.hexdigest())
            for path, file in sorted(self._files.items())
        ]

    def add(self, table: str, rows: Sequence[Any]) -> None:
        """Write one query's rows of this table in all formats that are made of it."""
        read: Any = Group(rows) if table == "rows" else rows
        is_test = rows[0].split == "test"
        for form, lines in self._running:
            if form.reads == table and (form.evaluates or not is_test):
                self._add_all(form, lines(read))

    def _add_all(self, form: Format, lines: Iterable[tuple[str, bytes]]) -> None:
        files = self._files
        for path, data in lines:
            file = files.get(path) or self._open(path, form)
            file.held.append(data)
            file.n_held += len(data)
            if file.n_held >= BLOCK_BYTES:
                self._flush(file)

    def _add(self, path: str, form: Format, data: bytes) -> None:
        self._add_all(form, [(path, data)])

    def _open(self, path: str, form: Format) -> _File:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        self._files[path] = file = _File(place.open("wb"), form.name, form.head(path))
        return file

    def _flush(self, file: _File) -> None:
        """Have what a file holds written; an OSError of an earlier block is raised here."""
        while len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._writer.submit(file.append, file.held))
        file.held, file.n_held = [], 0
