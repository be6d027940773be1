"""Hits into the store, in blocks of rows that PostgreSQL reads as they lie in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import ArrayLike, DTypeLike, NDArray

from corpus.jobs import JobStopped
from corpus.proven_keys import skip_while_unshared
from mining.models import Embedding, Pool, Selection

HEADER, TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
COLUMNS = ("pool_id", "query_id", "candidate_id", "miner", "rank", "score")
KINDS = (">i8", ">i8", ">i8", ">i2", ">i4", ">f8")


class Hits(NamedTuple):
    """What a miner found for some queries, by query and rank; arrays (n,)."""

    queries: NDArray[np.int64]  # keys
    candidates: NDArray[np.int64]  # keys
    ranks: NDArray[np.int64]  # from 1
    scores: NDArray[np.float64]


def write_hits(pool: Pool, hits: Hits, *, miner: int) -> None:
    """Store one miner's hits."""
    rows = binary_rows(KINDS, [pool.pk, hits.queries, hits.candidates, miner, hits.ranks, hits.scores])
    copying = f"COPY mining_poolhit ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)"
    with writing(pool) as cursor, cursor.copy(copying) as copy:
        copy.write(HEADER + rows.tobytes() + TRAILER)


@contextmanager
def writing(owner: Pool | Embedding | Selection) -> Iterator:
    """A transaction that writes many rows of a pool, an embedding or a selection; yields its cursor.

    The keys written have just been read, and no import is undone while a pool is made, so they are not
    checked again. Raises JobStopped where the owner was deleted meanwhile.

    Pieces of a pool or an embedding are not waited for on the disk: what a crash takes of the last second is
    found missing and made again.
    """
    project_id = owner.pool.project_id if isinstance(owner, Selection) else owner.project_id
    with transaction.atomic(), connection.cursor() as cursor:
        skip_while_unshared(cursor, project_id)
        if not isinstance(owner, Selection):
            cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(f"SELECT FROM {owner._meta.db_table} WHERE id = %s FOR KEY SHARE", [owner.pk])
        if not cursor.rowcount:
            raise JobStopped("What was being made has been deleted.")
        yield cursor


def binary_rows(kinds: Sequence[DTypeLike], columns: Sequence[ArrayLike]) -> NDArray[np.void]:
    """Rows in the shape of COPY … (FORMAT binary): one column of values, or one value for all, for each kind.

    A kind is a big-endian NumPy type as PostgreSQL reads it; none of the values may be null.
    """
    fields: list[tuple] = [("n", ">i2")]
    for place, kind in enumerate(kinds):
        fields += [(f"size{place}", ">i4"), (f"value{place}", kind)]
    shape = np.dtype(fields)
    rows = np.zeros(max((len(column) for column in columns if np.ndim(column)), default=0), dtype=shape)
    rows["n"] = len(kinds)
    for place, column in enumerate(columns):
        rows[f"size{place}"] = shape[f"value{place}"].itemsize
        rows[f"value{place}"] = column
    return rows
