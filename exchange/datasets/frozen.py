"""Tables kept as Parquet: written once, never again, and read back query by query.

The bytes of a Parquet file depend on the library that wrote it, so the file itself is the identity of a
release's rows: everything else is made from it, by writers whose bytes depend on nothing but the rows.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exchange.datasets.table import Marks, Pair, Row

ROWS_A_GROUP = 20_000
FILES = {"rows": "table.parquet", "pairs": "pairs.parquet", "criteria": "criteria.parquet"}
RECORDS: dict[str, Any] = {"rows": Row, "pairs": Pair, "criteria": Marks}
TYPES = {
    "grade": pa.int16(),
    "score": pa.float64(),
    "log_odds": pa.float64(),
    "rank": pa.int32(),
    "n_labels": pa.int32(),
    "criteria": pa.list_(pa.string()),
    "grades": pa.list_(pa.int16()),
}
TEXTS = frozenset({"candidate", "first", "second"})  # the long ones
LARGEST_TEXT = 2**31 - 1  # bytes that 32-bit cuts reach
DISTINCT = frozenset({"candidate_id", "title", "candidate", "first", "second", "reason", "score", "log_odds"})


def schema_of(table: str) -> Any:
    """The Arrow schema of this table."""
    return pa.schema([(name, TYPES.get(name, pa.string())) for name in RECORDS[table]._fields])


class Freezer:
    """Takes the rows of a table and has them packed in a thread, some thousand at a time."""

    def __init__(self, path: Path, table: str) -> None:
        self.schema, self.n_rows = schema_of(table), 0
        repeated = [name for name in self.schema.names if name not in DISTINCT]
        self._writer = pq.ParquetWriter(
            path, self.schema, compression="zstd", compression_level=3, use_dictionary=repeated
        )
        self._held: list[tuple[Any, ...]] = []
        self._packer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="release-packer")
        self._packing: Future[None] | None = None

    def __enter__(self) -> "Freezer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._pack()
                self._wait()
        finally:
            self._packer.shutdown()
            self._writer.close()

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Append one query's rows."""
        self._held.extend(rows)
        if len(self._held) >= ROWS_A_GROUP:
            self._pack()

    def _pack(self) -> None:
        if self._held:
            self._wait()
            self.n_rows += len(self._held)
            self._packing = self._packer.submit(self._write, self._held)
            self._held = []

    def _wait(self) -> None:
        if self._packing is not None:
            self._packing.result()

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        columns = zip(*rows, strict=True)
        arrays = [
            text_array(values) if field.name in TEXTS else pa.array(values, type=field.type)
            for values, field in zip(columns, self.schema, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(arrays, schema=self.schema))


def text_array(values: Sequence[str]) -> Any:
    """What `pa.array` makes of these strings, in a fifth of its time: one text, and where it is cut."""
    text = "".join(values)
    data = text.encode()
    if len(data) > LARGEST_TEXT:
        return pa.array(values, type=pa.string())
    lengths = map(len, values) if len(data) == len(text) else (len(value.encode()) for value in values)
    cuts = np.zeros(len(values) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(lengths, dtype=np.int32, count=len(values)), out=cuts[1:])
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(cuts), pa.py_buffer(data))


def thaw(path: Path, table: str) -> Iterator[list[Any]]:
    """The rows of each query of a kept table, in order."""
    make = RECORDS[table]._make
    for _, rows in groupby(_tuples(path), key=itemgetter(0)):
        yield list(map(make, rows))


def thaw_columns(path: Path, names: list[str]) -> Iterator[tuple[Any, ...]]:
    """These columns of each row, in order."""
    return _tuples(path, names)


def _tuples(path: Path, names: list[str] | None = None) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_A_GROUP, columns=names):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
