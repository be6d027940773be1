"""The nearest candidates of many queries by one look at every vector: exact, and needs no index.

A pool asks thousands of queries at once. Multiplying all of them with blocks of vectors as they come out of
the store takes a few seconds where building an HNSW graph takes minutes; the graph is quicker for few queries
over a collection that has one (`is_quicker`).
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from corpus.beside import ahead
from corpus.jobs import Progress
from mining.grouped import counted
from mining.hits import Hits
from mining.models import Embedding
from mining.vectors import LEAST_INDEXED, has_index

QUERIES_AT_ONCE = 2000
BLOCK = 8192  # vectors that are read at once
TILE = 2048  # of them that are multiplied at once: 8 MB of cosines, which a processor's cache still holds
# Seconds on two cores, by `make bench-mining`; what matters is how they stand to each other.
READ, MULTIPLY, BUILD, LOOK_UP = 4e-6, 1.5e-11, 8e-7, 6e-4

ASKED = """
    SELECT query_id, halfvec_send(vector) FROM mining_queryvector
    WHERE embedding_id = %s AND query_id = ANY(%s) ORDER BY query_id"""
BLOCK_BEHIND = """
    COPY (SELECT coalesce(string_agg(int8send(candidate_id) || halfvec_send(vector), ''::bytea
                                     ORDER BY candidate_id), '')
          FROM (SELECT candidate_id, vector FROM mining_candidatevector
                WHERE embedding_id = {embedding} AND candidate_id > {after}
                ORDER BY candidate_id LIMIT {n}) block) TO STDOUT (FORMAT binary)"""
HEADER_BYTES, TRAILER_BYTES = 19 + 2 + 4, 2  # the file's, the row's and the value's


def is_quicker(embedding: Embedding, *, n_candidates: int, n_queries: int) -> bool:
    """Whether a scan beats the index, its building included where there is none."""
    dimensions = embedding.dimensions or 0
    passes = -(-n_queries // QUERIES_AT_ONCE)
    scanning = n_candidates * (passes * READ + n_queries * dimensions * MULTIPLY)
    building = 0.0 if has_index(embedding) else n_candidates * dimensions * BUILD
    return n_candidates < LEAST_INDEXED or scanning < building + n_queries * LOOK_UP


def scan(embedding: Embedding, queries: Sequence[int], *, depth: int, progress: Progress) -> Hits:
    """The nearest candidates of each query; scores are cosines."""
    keys, asked = _asked(embedding, queries)
    shares = np.array_split(asked, min(os.cpu_count() or 1, max(1, len(asked))))
    nearest = [Nearest(len(share), depth) for share in shares]
    done = 0
    # A thread for each share of the queries, and none within a product: those would wait for one another
    # whenever the database or the next block wants a processor.
    with ThreadPoolExecutor(len(shares)) as threads, threadpool_limits(1, user_api="blas"):
        for candidates, vectors in ahead(_blocks(embedding)):
            looking = [
                threads.submit(best.look, share, vectors, candidates)
                for best, share in zip(nearest, shares, strict=True)
            ]
            for each in looking:
                each.result()
            done += candidates.size
            progress.update(note=f"Searching by meaning: {done:,} vectors")
    found = [best.found() for best in nearest]
    firsts = np.cumsum([0, *map(len, shares[:-1])])
    rows = np.concatenate([queries + first for (queries, _, _), first in zip(found, firsts, strict=True)])
    candidates, scores = (np.concatenate(column) for column in [*zip(*found, strict=True)][1:])
    return Hits(keys[rows], candidates, counted(rows) + 1, scores.astype(np.float64))


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
        # Fresh memory for each tile would cost more than filling it.
        self._scores = np.empty(n_queries * TILE, dtype=np.float32)
        self._reaches = np.empty(n_queries * TILE, dtype=bool)

    def look(
        self, asked: NDArray[np.float32], vectors: NDArray[np.float32], candidates: NDArray[np.int64]
    ) -> None:
        """Unit vectors (n, dimensions) of further candidates (n,), for queries (Q, dimensions)."""
        for start in range(0, len(vectors), TILE):
            tile = vectors[start : start + TILE]
            scores = self._scores[: len(asked) * len(tile)].reshape(len(asked), -1)
            self.add(np.matmul(asked, tile.T, out=scores), candidates[start : start + TILE])

    def add(self, scores: NDArray[np.float32], candidates: NDArray[np.int64]) -> None:
        """Scores (Q, at most TILE) of further candidates."""
        if candidates.size > self.depth and np.isinf(self.floors).any():
            kth = candidates.size - self.depth
            self.floors = np.maximum(self.floors, np.partition(scores, kth, axis=1)[:, kth])
        reaches = self._reaches[: scores.size].reshape(scores.shape)
        places = np.flatnonzero(np.greater_equal(scores, self.floors[:, None], out=reaches))
        rows, columns = np.divmod(places, candidates.size)
        self._waiting.append((rows, candidates[columns], scores.ravel()[places]))
        if sum(rows.size for rows, *_ in self._waiting) >= self.floors.size * self.depth:
            self._sort()

    def found(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """The places of the queries, the candidates and their scores, when all blocks are through."""
        self._sort()
        return self.queries, self.candidates, self.scores

    def _sort(self) -> None:
        """Bring what was put by to its place."""
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

    A block leaves the store as one value: a row of its own for each vector takes longer than the vectors do.
    """
    shape = np.dtype([("key", ">i8"), ("head", "V4"), ("values", ">f2", (embedding.dimensions,))])
    after = 0
    while True:
        statement = BLOCK_BEHIND.format(embedding=embedding.pk, after=after, n=BLOCK)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            sent = b"".join(copy)
        rows = np.frombuffer(sent[HEADER_BYTES:-TRAILER_BYTES], dtype=shape)
        if not rows.size:
            return
        yield rows["key"].astype(np.int64), _unit(rows["values"].astype(np.float32))
        after = int(rows["key"][-1])


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors / np.where(lengths > 0, lengths, 1)
