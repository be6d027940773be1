"""The nearest candidates of many queries by one look at every vector: exact, and needs no index.

A pool asks thousands of queries at once. Multiplying all of them with blocks of vectors as they come out of
the store takes a few seconds where building an HNSW graph takes minutes; the graph is quicker for few queries
over a collection that has one (`is_quicker`).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from corpus.jobs import Progress
from mining.grouped import counted
from mining.models import Embedding
from mining.vectors import LEAST_INDEXED, has_index

QUERIES_AT_ONCE = 2000
BLOCK = 8192  # vectors: 64 MB of cosines with as many queries as are asked at once
# Seconds on two cores, by `make bench-mining`; what matters is how they stand to each other.
READ, MULTIPLY, BUILD, LOOK_UP = 6e-6, 4e-11, 1.2e-6, 1.5e-3

ASKED = """
    SELECT query_id, halfvec_send(vector) FROM mining_queryvector
    WHERE embedding_id = %s AND query_id = ANY(%s) ORDER BY query_id"""
ALL = """
    COPY (SELECT candidate_id, vector FROM mining_candidatevector WHERE embedding_id = {embedding}
          ORDER BY candidate_id) TO STDOUT (FORMAT binary)"""
HEADER_BYTES, TRAILER_BYTES = 19, 2


def is_quicker(embedding: Embedding, *, n_candidates: int, n_queries: int) -> bool:
    """Whether a scan beats the index, its building included where there is none."""
    dimensions = embedding.dimensions or 0
    passes = -(-n_queries // QUERIES_AT_ONCE)
    scanning = n_candidates * (passes * READ + n_queries * dimensions * MULTIPLY)
    building = 0.0 if has_index(embedding) else n_candidates * dimensions * BUILD
    return n_candidates < LEAST_INDEXED or scanning < building + n_queries * LOOK_UP


def scan(
    embedding: Embedding, queries: Sequence[int], *, depth: int, progress: Progress
) -> tuple[NDArray, ...]:
    """The nearest candidates of each query: queries, candidates, ranks from 1, cosines; arrays (n,)."""
    keys, asked = _asked(embedding, queries)
    best = Nearest(len(keys), depth)
    done = 0
    for candidates, vectors in _blocks(embedding):
        best.add(asked @ vectors.T, candidates)
        done += candidates.size
        progress.update(note=f"Searching by meaning: {done:,} vectors")
    best.sort()
    return keys[best.queries], best.candidates, counted(best.queries) + 1, best.scores.astype(np.float64)


class Nearest:
    """The best candidates of some queries, `depth` each: by query, falling score, then key.

    What reaches a query's floor (its last place so far) is put by, and sorted once there is as much of it as
    there are places: floors that are behind the times only let a little more through.
    """

    def __init__(self, n_queries: int, depth: int) -> None:
        self.depth = depth
        self.floors = np.full(n_queries, -np.inf, dtype=np.float32)
        self.queries = np.zeros(0, dtype=np.int64)
        self.candidates = np.zeros(0, dtype=np.int64)
        self.scores = np.zeros(0, dtype=np.float32)
        self._waiting: list[tuple[NDArray, NDArray, NDArray]] = []

    def add(self, scores: NDArray[np.float32], candidates: NDArray[np.int64]) -> None:
        """Scores (queries, block) of a block of further candidates."""
        if candidates.size > self.depth and np.isinf(self.floors).any():
            kth = candidates.size - self.depth
            self.floors = np.maximum(self.floors, np.partition(scores, kth, axis=1)[:, kth])
        places = np.flatnonzero(scores >= self.floors[:, None])
        rows, columns = np.divmod(places, candidates.size)
        self._waiting.append((rows, candidates[columns], scores.ravel()[places]))
        if sum(rows.size for rows, *_ in self._waiting) >= self.floors.size * self.depth:
            self.sort()

    def sort(self) -> None:
        """Bring what was put by to its place; needed once more when all blocks are through."""
        found = [(self.queries, self.candidates, self.scores), *self._waiting]
        queries, keys, scores = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((keys, -scores, queries))
        order = order[counted(queries[order]) < self.depth]
        self.queries, self.candidates, self.scores = queries[order], keys[order], scores[order]
        last = np.flatnonzero(counted(self.queries) == self.depth - 1)
        self.floors[self.queries[last]] = self.scores[last]
        self._waiting = []


def _asked(embedding: Embedding, queries: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The queries' keys (Q,) and unit vectors (Q, dimensions)."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, [embedding.pk, list(queries)])
        rows = cursor.fetchall()
    vectors = [np.frombuffer(sent, dtype=">f2", offset=4) for _, sent in rows]
    keys = np.array([key for key, _ in rows], dtype=np.int64)
    return keys, _unit(np.array(vectors, dtype=np.float32).reshape(len(rows), embedding.dimensions or 0))


def _blocks(embedding: Embedding) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Keys and unit vectors of all candidates, by key, so many at a time.

    COPY's rows have all the same size, so a block is read as it lies.
    """
    shape = np.dtype(
        [
            ("n", ">i2"), ("key_size", ">i4"), ("key", ">i8"), ("size", ">i4"), ("dimensions", ">i2"),
            ("unused", ">i2"), ("values", ">f2", (embedding.dimensions,)),
        ]
    )  # fmt: skip
    waiting, skip = bytearray(), HEADER_BYTES
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")  # the key's own index has them in order
        with cursor.copy(ALL.format(embedding=embedding.pk)) as copy:
            for sent in copy:
                waiting += sent[skip:] if skip else sent
                skip = 0
                if len(waiting) >= BLOCK * shape.itemsize:
                    yield _read(waiting, shape)
                    waiting = bytearray()
    if len(waiting) > TRAILER_BYTES:
        yield _read(waiting[:-TRAILER_BYTES], shape)


def _read(packed: bytearray, shape: np.dtype) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    rows = np.frombuffer(packed, dtype=shape)
    return rows["key"].astype(np.int64), _unit(rows["values"].astype(np.float32))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors / np.where(lengths > 0, lengths, 1)
