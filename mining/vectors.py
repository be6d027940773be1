"""Vectors of a project's texts: made once for each content, kept in half precision, searched by HNSW.

An HNSW index is for one number of dimensions, so each embedding has a partial index of its own; below
LEAST_INDEXED candidates a look at every vector is quicker, and exact.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from corpus.beside import Behind, ahead
from corpus.jobs import JobFailed, Progress
from corpus.models import Project
from judges.engines.base import Embedder, EngineUnsuited
from judges.models import Engine
from mining.grouped import counted
from mining.hits import HEADER, TRAILER, Hits, binary_rows, writing
from mining.models import Embedding
from mining.models.embedding import MOST_DIMENSIONS
from mining.pool_settings import Dense
from mining.texts import candidates_of_variants
from mining.watching import run_watched

AT_ONCE = 512  # texts
LEAST_INDEXED = 10_000
LEAST_MEMORY, MOST_MEMORY = 64, 2048  # MB; a graph that does not fit is built many times slower

# What has no vector of its present content, in order of keys, and whether an old one is in its place. Each
# row looks for its vector by key: hashing all vectors would begin anew with every piece.
MISSING_CANDIDATES = """
    SELECT c.id, c.content_hash, concat_ws(E'\\n', nullif(c.title, ''), c.text),
           (SELECT 1 FROM mining_candidatevector v
            WHERE v.embedding_id = %(embedding)s AND v.candidate_id = c.id) IS NOT NULL
    FROM corpus_candidate c
    WHERE c.project_id = %(project)s AND c.id > %(after)s AND c.content_hash IS NOT NULL
      AND c.content_hash IS DISTINCT FROM (
          SELECT v.content_hash FROM mining_candidatevector v
          WHERE v.embedding_id = %(embedding)s AND v.candidate_id = c.id)
      AND c.id <> ALL(%(left_out)s)
    ORDER BY c.id LIMIT %(n)s"""
MISSING_QUERIES = """
    SELECT q.id, md5(q.text)::uuid, q.text, v.query_id IS NOT NULL FROM corpus_query q
    LEFT JOIN mining_queryvector v ON v.embedding_id = %(embedding)s AND v.query_id = q.id
    WHERE q.id = ANY(%(keys)s) AND q.id > %(after)s AND v.content_hash IS DISTINCT FROM md5(q.text)::uuid
    ORDER BY q.id LIMIT %(n)s"""
# How many candidates have no vector of their present content, and how many vectors have no text any more.
OUT_OF_DATE = """
    SELECT count(*) FILTER (WHERE c.content_hash IS NOT NULL AND c.id <> ALL(%(left_out)s)),
           count(*) FILTER (WHERE c.content_hash IS NULL)
    FROM corpus_candidate c LEFT JOIN mining_candidatevector v
        ON v.embedding_id = %(embedding)s AND v.candidate_id = c.id
    WHERE c.project_id = %(project)s AND v.content_hash IS DISTINCT FROM c.content_hash"""
NEAREST = """
    SELECT asked.query_id, near.candidate_id, near.distance
    FROM mining_queryvector asked CROSS JOIN LATERAL (
        SELECT v.candidate_id,
               v.vector::halfvec({dimensions}) <=> asked.vector::halfvec({dimensions}) AS distance
        FROM mining_candidatevector v WHERE v.embedding_id = {embedding}
        ORDER BY v.vector::halfvec({dimensions}) <=> asked.vector::halfvec({dimensions}) LIMIT {depth}
    ) near
    WHERE asked.embedding_id = {embedding} AND asked.query_id = ANY(%(queries)s)"""


class Kind(NamedTuple):
    """Candidates or queries: where their vectors lie."""

    table: str
    key: str
    missing: str


CANDIDATES = Kind("mining_candidatevector", "candidate_id", MISSING_CANDIDATES)
ASKED = Kind("mining_queryvector", "query_id", MISSING_QUERIES)


def find_embedding(project: Project, dense: Dense) -> Embedding:
    """The project's embedding by this engine and its present model, made where there is none."""
    engine = Engine.objects.get(pk=dense.engine)
    embedding, _ = Embedding.objects.get_or_create(
        project=project,
        engine=engine,
        model=engine.model_name,
        query_prefix=dense.query_prefix,
        candidate_prefix=dense.candidate_prefix,
    )
    return embedding


def embed_candidates(embedding: Embedding, embedder: Embedder, *, progress: Progress) -> int:
    """Give every candidate that lacks one its vector; what is made is kept whatever happens next."""
    left_out = sorted(candidates_of_variants(embedding.project))
    names = {"embedding": embedding.pk, "project": embedding.project_id, "left_out": left_out}
    with connection.cursor() as cursor:
        cursor.execute(OUT_OF_DATE, names)
        n_missing, n_without_text = cursor.fetchone()
        if n_without_text:
            cursor.execute(
                "DELETE FROM mining_candidatevector v USING corpus_candidate c"
                " WHERE v.embedding_id = %(embedding)s AND c.id = v.candidate_id AND c.content_hash IS NULL",
                names,
            )
    if not n_missing:
        return 0
    done = 0
    for n in _embed_missing(CANDIDATES, embedding, embedder, names, prefix=embedding.candidate_prefix):
        done += n
        progress.update(note=f"Embedding candidates: {done:,} of {n_missing:,}")
    return done


def embed_queries(
    embedding: Embedding, embedder: Embedder, queries: Sequence[int], *, progress: Progress
) -> int:
    """Give each of these queries its vector, where it has none of its present text."""
    names = {"embedding": embedding.pk, "keys": list(queries)}
    done = 0
    for n in _embed_missing(ASKED, embedding, embedder, names, prefix=embedding.query_prefix):
        done += n
        progress.update(note=f"Embedding queries: {done:,}")
    return done


def make_index(embedding: Embedding, *, progress: Progress) -> bool:
    """Make the HNSW index over the embedding's candidates where it is wanted; whether there is one now.

    It is built beside others' work, without holding it up. What a worker that died left half built goes
    first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM mining_candidatevector WHERE embedding_id = %s), (SELECT indisvalid"
            " FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indexrelid WHERE relname = %s)",
            [embedding.pk, embedding.index_name],
        )
        n, is_valid = cursor.fetchone()
    if n < LEAST_INDEXED or is_valid:
        return bool(is_valid)
    if is_valid is False:
        drop_index(embedding)
    run_watched(
        f"CREATE INDEX CONCURRENTLY {embedding.index_name} ON mining_candidatevector"
        f" USING hnsw ((vector::halfvec({embedding.dimensions})) halfvec_cosine_ops)"
        f" WHERE embedding_id = {embedding.pk}",
        note="Building the vector index",
        settings={"maintenance_work_mem": f"{_memory(n, embedding.dimensions)}MB"},
        progress=progress,
    )
    return True


def has_index(embedding: Embedding) -> bool:
    """Whether there is a whole HNSW index over the embedding's candidates."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indexrelid"
            " WHERE relname = %s AND indisvalid)",
            [embedding.index_name],
        )
        return bool(cursor.fetchone()[0])


def count_vectors(embedding: Embedding) -> int:
    """How many candidates have a vector."""
    return embedding.candidate_vectors.count()


def drop_index(embedding: Embedding) -> None:
    """Drop the embedding's HNSW index, if it has one."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {embedding.index_name}")


def search(embedding: Embedding, queries: Sequence[int], *, depth: int) -> Hits:
    """The nearest candidates of each query; scores are cosines."""
    statement = NEAREST.format(embedding=embedding.pk, dimensions=embedding.dimensions, depth=depth)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL hnsw.ef_search = {_breadth(depth)}")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement, {"queries": list(queries)})
        rows = np.array(cursor.fetchall(), dtype=[("query", "i8"), ("candidate", "i8"), ("distance", "f8")])
    rows = rows[np.lexsort((rows["candidate"], rows["distance"], rows["query"]))]
    return Hits(rows["query"], rows["candidate"], counted(rows["query"]) + 1, 1 - rows["distance"])


def read_vectors(embedding: Embedding, candidates: Sequence[int]) -> NDArray[np.float32]:
    """The candidates' unit vectors (n, dimensions), zeros where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT candidate_id, halfvec_send(vector) FROM mining_candidatevector"
            " WHERE embedding_id = %s AND candidate_id = ANY(%s)",
            [embedding.pk, list(candidates)],
        )
        rows = cursor.fetchall()
    found = np.zeros((len(candidates), embedding.dimensions or 0), dtype=np.float32)
    if rows:
        keys, sent = zip(*rows, strict=True)
        order = np.argsort(keys)
        known, wanted = np.array(keys)[order], np.asarray(candidates)
        values = np.frombuffer(
            b"".join(sent), dtype=np.dtype([("head", "V4"), ("values", ">f2", found.shape[1])])
        )
        at = np.searchsorted(known, wanted).clip(max=known.size - 1)
        there = known[at] == wanted
        found[there] = values["values"][order[at[there]]]
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(lengths > 0, lengths, 1)


def _memory(n: int, dimensions: int) -> int:
    """What the graph of n vectors takes while it is built, in MB: two bytes a number and some 400 beside."""
    return min(MOST_MEMORY, max(LEAST_MEMORY, n * (2 * dimensions + 400) * 6 // 5 // 2**20))


def _breadth(depth: int) -> int:
    """How many candidates HNSW keeps in view: half as many again as are wanted (see `make bench-mining`)."""
    return min(1000, max(80, depth * 3 // 2))


def _embed_missing(
    kind: Kind, embedding: Embedding, embedder: Embedder, names: dict, *, prefix: str
) -> Iterator[int]:
    """Embed what has no vector of its present text, some at a time; how many each time.

    While the model has one piece, the next is read and the one before is stored.
    """
    with Behind() as behind:
        for rows in ahead(_missing(kind, names)):
            vectors = _embed(embedding, embedder, [prefix + text for _, _, text, _ in rows])
            behind.hand(_store, kind, embedding, rows, vectors)
            yield len(rows)


def _missing(kind: Kind, names: dict) -> Iterator[list[tuple]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(kind.missing, names | {"after": after, "n": AT_ONCE})
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _embed(embedding: Embedding, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """The texts' unit vectors (n, dimensions), as wide as all of the embedding. Raises JobFailed."""
    try:
        vectors = np.asarray(embedder.embed(texts), dtype=np.float32)
    except EngineUnsuited as problem:
        raise JobFailed(str(problem)) from problem
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise JobFailed(f"The engine “{embedding.engine}” did not give every text a vector of numbers.")
    if embedding.dimensions is None:
        if vectors.shape[1] > MOST_DIMENSIONS:
            raise JobFailed(
                f"{embedding.model} gives {vectors.shape[1]:,} dimensions; {MOST_DIMENSIONS:,} are the most."
            )
        Embedding.objects.filter(pk=embedding.pk).update(dimensions=vectors.shape[1])
        embedding.dimensions = vectors.shape[1]
    if vectors.shape[1] != embedding.dimensions:
        raise JobFailed(
            f"The engine “{embedding.engine}” now gives {vectors.shape[1]} dimensions and gave"
            f" {embedding.dimensions} before: another model is behind its name. Register it under another."
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _store(kind: Kind, embedding: Embedding, rows: Sequence[tuple], vectors: NDArray[np.float32]) -> None:
    """Vectors of these rows (key, hash, text, whether an older one is there), in place of older ones."""
    dimensions = vectors.shape[1]
    keys = [key for key, *_ in rows]
    old = [key for key, _, _, is_there in rows if is_there]
    hashes = np.frombuffer(b"".join(content.bytes for _, content, *_ in rows), dtype="V16")
    shape = np.dtype([("dimensions", ">i2"), ("unused", ">i2"), ("values", ">f2", (dimensions,))])
    packed = np.zeros(len(rows), dtype=shape)
    packed["dimensions"], packed["values"] = dimensions, vectors
    block = binary_rows((">i8", ">i8", "V16", shape), [embedding.pk, keys, hashes, packed])
    with writing(embedding) as cursor:
        if old:
            cursor.execute(
                f"DELETE FROM {kind.table} WHERE embedding_id = %s AND {kind.key} = ANY(%s)",
                [embedding.pk, old],
            )
        columns = f"embedding_id, {kind.key}, content_hash, vector"
        with cursor.copy(f"COPY {kind.table} ({columns}) FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER + block.tobytes() + TRAILER)
