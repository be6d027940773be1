"""Making a pool: each miner's hits, then the entries, then the item set that judges run over.

The work goes on query by query in order of their keys, and each piece is stored when it is done: a job that
was cancelled, or whose worker died, goes on behind the last piece.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from corpus.beside import Behind, spread
from corpus.jobs import JobFailed, JobStopped, Progress, do_exclusively
from corpus.models import ItemSet, Job
from corpus.proven_keys import check_again, skip_while_unshared
from judges.engines.base import EngineUnavailable, EngineUnsuited
from judges.services.engines import connect_embedder
from mining.bm25 import WordIndex
from mining.chance import draw
from mining.counting import count_pool
from mining.entries import work_out_entries, write_entries
from mining.hits import Hits, write_hits
from mining.models import Embedding, Pool
from mining.pool_settings import PoolSettings, settings_of
from mining.pools import free_name
from mining.scanning import QUERIES_AT_ONCE as SCANNED_AT_ONCE
from mining.scanning import is_quicker, scan
from mining.texts import (
    batches,
    candidates_of_variants,
    read_candidate_keys,
    read_candidates,
    read_positives,
    read_queries,
    read_query_texts,
)
from mining.vectors import (
    count_vectors,
    embed_candidates,
    embed_queries,
    find_embedding,
    make_index,
    search,
)

QUERIES_AT_ONCE = 100
ENTRIES = "entries"
Mined = Iterator[tuple[Sequence[int], Hits]]  # pieces of the queries, in order, each with what was found
HIT = np.dtype([("query", ">i8"), ("candidate", ">i8"), ("rank", ">i4"), ("score", ">f8")])
RUN_FILE = """
    SELECT string_agg(int8send(hit.query_id) || int8send(hit.candidate_id) || int4send(hit.rank)
                      || float8send(hit.score), ''::bytea ORDER BY hit.query_id, hit.rank, hit.candidate_id)
    FROM corpus_hit hit JOIN corpus_candidate candidate ON candidate.id = hit.candidate_id
    WHERE hit.system_id = %(system)s AND hit.query_id = ANY(%(queries)s) AND hit.rank <= %(depth)s
      AND candidate.content_hash IS NOT NULL AND candidate.id <> ALL(%(left_out)s)"""


def run_pool(job_id: int, *, on_update: Callable[[Job], None] | None = None) -> Job | None:
    """Do the pool that this job describes; returns the ended job, None if it is gone or not to be had."""
    return do_exclusively(job_id, make_pool, on_update=on_update)


def make_pool(job: Job, progress: Progress) -> dict:
    """Everything a pool needs, from where an earlier attempt left off. Raises JobFailed, JobStopped."""
    began = time.monotonic()
    pool = Pool.objects.select_related("project", "job").filter(job=job).first()
    if pool is None:
        raise JobStopped("The pool has been deleted.")
    return Pooling(pool, progress).run() | {"seconds": round(time.monotonic() - began, 2)}


class Pooling:
    """One pool in the making."""

    def __init__(self, pool: Pool, progress: Progress) -> None:
        self.pool = pool
        self.project = pool.project
        self.progress = progress
        self.settings: PoolSettings = settings_of(pool.settings)
        self.embedding: Embedding | None = None
        self.n_done = 0

    def run(self) -> dict:
        self._wait_for_imports()
        self.positives = read_positives(self.project, self.settings)
        self.queries = (
            np.unique(self.positives.queries).tolist()
            if self.settings.with_positives_only
            else read_queries(self.project, self.settings)
        )
        if not self.queries:
            raise JobFailed(self._why_no_queries())
        self.progress.update(n_total=len(self.queries) * (len(self.pool.miners) + 1))
        for place, miner in enumerate(self.pool.miners):
            stage = f"miner {place}"
            if miner["kind"] == "dense":
                assert self.settings.dense is not None
                self.embedding = find_embedding(self.project, self.settings.dense)
            if stage not in self.pool.stages:
                self._mine(place, miner)
                self._end_stage(stage)
            self._tell((place + 1) * len(self.queries))
        if ENTRIES not in self.pool.stages:
            self._entries()
            self._end_stage(ENTRIES)
        return self._freeze()

    def _wait_for_imports(self) -> None:
        """Begin when nobody writes or undoes an import; from here to the pool's end none is undone."""
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_try_advisory_xact_lock(hashtext('concord-collection'), %s)", [self.project.pk]
                )
                if cursor.fetchone()[0]:
                    return
            self.progress.update(note="Waiting for an import to end")
            time.sleep(0.5)

    def _why_no_queries(self) -> str:
        if self.settings.with_positives_only:
            return (
                f"No query has a candidate that people graded {self.settings.cut} or higher, with texts for"
                " both: import or label some, or pool for all queries."
            )
        return "The project has no query with a text."

    def _left(self, behind: int) -> Sequence[int]:
        """The queries whose keys come after this one."""
        return [query for query in self.queries if query > behind]

    def _mine(self, place: int, miner: dict[str, Any]) -> None:
        """Store what the miner finds for the queries that it has still to do."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(max(query_id), 0) FROM mining_poolhit WHERE pool_id = %s AND miner = %s",
                [self.pool.pk, place],
            )
            left = self._left(cursor.fetchone()[0])
        miners = {"bm25": self._bm25, "dense": self._dense, "system": self._run_file, "random": self._chance}
        done = (place + 1) * len(self.queries) - len(left)
        with Behind() as behind:
            for piece, hits in miners[miner["kind"]](left, miner):
                behind.hand(write_hits, self.pool, hits, miner=place)
                done += len(piece)
                self._tell(done)

    def _tell(self, n_done: int) -> None:
        self.progress.update(n_done=n_done)

    def _bm25(self, left: Sequence[int], miner: dict[str, Any]) -> Mined:
        def look(n: int) -> None:
            self.progress.update(note=f"Reading candidates: {n:,}")

        def search_by_words(piece: Sequence[int]) -> Hits:
            return index.search(read_query_texts(piece), depth=self.settings.bm25)

        index = WordIndex(read_candidates(self.project), look=look)
        self.progress.update(note="Searching by words")
        return spread(search_by_words, batches(left, QUERIES_AT_ONCE))

    def _dense(self, left: Sequence[int], miner: dict[str, Any]) -> Mined:
        assert self.embedding is not None
        assert self.settings.dense is not None
        self._embed(self.embedding)
        depth, n_candidates = self.settings.dense.depth, count_vectors(self.embedding)
        if is_quicker(self.embedding, n_candidates=n_candidates, n_queries=len(self.queries)):
            scanning = partial(scan, self.embedding, depth=depth, progress=self.progress)
            return ((piece, scanning(piece)) for piece in batches(left, SCANNED_AT_ONCE))
        make_index(self.embedding, progress=self.progress)
        self.progress.update(note="Searching by meaning")
        return spread(partial(search, self.embedding, depth=depth), batches(left, QUERIES_AT_ONCE))

    def _embed(self, embedding: Embedding) -> None:
        """Vectors for all that have none. Raises JobFailed where the engine cannot give them."""
        try:
            with closing(connect_embedder(embedding.engine)) as embedder:
                embed_candidates(embedding, embedder, progress=self.progress)
                embed_queries(embedding, embedder, self.queries, progress=self.progress)
        except EngineUnsuited as problem:
            raise JobFailed(str(problem)) from problem
        except EngineUnavailable as away:
            raise JobFailed(
                f"The engine “{embedding.engine}” does not answer ({away.reason}). What it has embedded is"
                " kept: start it and try again."
            ) from away

    def _run_file(self, left: Sequence[int], miner: dict[str, Any]) -> Mined:
        names = {"system": miner["system"], "depth": self.settings.system_depth}
        names["left_out"] = sorted(candidates_of_variants(self.project))

        def read(piece: Sequence[int]) -> Hits:
            with connection.cursor() as cursor:
                cursor.execute(RUN_FILE, names | {"queries": list(piece)})
                rows = np.frombuffer(cursor.fetchone()[0] or b"", dtype=HIT)
            return Hits(*(rows[name] for name in HIT.names or ()))

        self.progress.update(note=f"Reading the run file {miner['name']}")
        return spread(read, batches(left, QUERIES_AT_ONCE))

    def _chance(self, left: Sequence[int], miner: dict[str, Any]) -> Mined:
        keys = read_candidate_keys(self.project)
        drawing = partial(draw, keys, n=self.settings.random, seed=self.settings.seed)
        self.progress.update(note="Drawing candidates by chance")
        return ((piece, drawing(piece)) for piece in batches(left, QUERIES_AT_ONCE))

    def _entries(self) -> None:
        self.progress.update(note="Setting near-duplicates apart and cutting to the budget")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(max(query_id), 0) FROM mining_poolentry WHERE pool_id = %s", [self.pool.pk]
            )
            left = self._left(cursor.fetchone()[0])
        done = len(self.queries) * (len(self.pool.miners) + 1) - len(left)

        def work_out(piece: Sequence[int]) -> bytes:
            positives = self.positives.of(piece)
            return work_out_entries(
                self.pool, piece, positives=positives, settings=self.settings, embedding=self.embedding
            )

        with Behind() as behind:
            for piece, rows in spread(work_out, batches(left, QUERIES_AT_ONCE)):
                behind.hand(write_entries, self.pool, rows)
                done += len(piece)
                self._tell(done)

    def _end_stage(self, stage: str) -> None:
        self.pool.stages = [*self.pool.stages, stage]
        if not Pool.objects.filter(pk=self.pool.pk).update(stages=self.pool.stages):
            raise JobStopped("The pool has been deleted.")

    def _freeze(self) -> dict:
        """The item set of what is to be judged, the counts, and the end of the job, in one transaction."""
        self.progress.update(note="Freezing the item set")
        pool = self.pool
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE mining_poolentry, mining_poolhit")
        with Behind() as behind, transaction.atomic(), connection.cursor() as cursor:
            if not Pool.objects.select_for_update(no_key=True).filter(pk=pool.pk).exists():
                raise JobStopped("The pool has been deleted.")
            counting = behind.hand(count_pool, pool, n_queries=len(self.queries))
            pool.item_set = ItemSet.objects.create(
                project=pool.project,
                name=free_name(pool.project, f"Pool {pool.name}"[:180]),
                made_from={"rule": "pool", "pool": pool.pk},
            )
            skipping = skip_while_unshared(cursor, pool.project_id)
            cursor.execute(
                "INSERT INTO corpus_itemsetentry (item_set_id, position, item_id)"
                " SELECT %s, row_number() OVER (ORDER BY query_id, kind <> 'positive', candidate_id), item_id"
                " FROM mining_poolentry WHERE pool_id = %s AND item_id IS NOT NULL",
                [pool.item_set.pk, pool.pk],
            )
            n_items = cursor.rowcount
            if skipping:
                check_again(cursor)
            ItemSet.objects.filter(pk=pool.item_set.pk).update(n_items=n_items)
            pool.counts = counting.result()
            pool.frozen_at = timezone.now()
            pool.save(update_fields=["item_set", "counts", "frozen_at"])
            result = {"pool": pool.pk, "item_set": pool.item_set.pk, "n_items": n_items}
            self.progress.update(n_done=self.progress.job.n_total or 0)
            self.progress.finish_within(cursor, result=result)
        return result
