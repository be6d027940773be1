"""From hits to a pool's entries: near-duplicates set apart, the rest cut to the budget, items made.

Positives are entries too, whether or not a miner found them, so that the judge scores them as it scores the
rest. Candidates found by chance alone stand outside the budget: nothing about them is to depend on a miner.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from mining.fusing import fuse
from mining.grouped import counted
from mining.hits import writing
from mining.likeness import Likeness, could_reach, likest, might_hold, runs_of_words
from mining.models import Embedding, Pool, PoolEntry
from mining.pool_settings import PoolSettings
from mining.texts import POSITIVES, names_of, read_candidate_texts
from mining.vectors import read_vectors

HIT = np.dtype([("query", ">i8"), ("candidate", ">i8"), ("miner", ">i2"), ("rank", ">i4"), ("score", ">f8")])
HITS = """
    SELECT string_agg(int8send(query_id) || int8send(candidate_id) || int2send(miner) || int4send(rank)
                      || float8send(score), ''::bytea ORDER BY query_id, candidate_id, miner)
    FROM mining_poolhit WHERE pool_id = %(pool)s AND query_id = ANY(%(queries)s)"""
ENTRY_COLUMNS = "query_id, candidate_id, item_id, kind, miner, rank, fused, like_id, likeness"
COLUMNS = "query_id, candidate_id, kind, miner, rank, fused, like_id, likeness"
MAKE_ITEMS = """
    INSERT INTO corpus_item (query_id, candidate_id, job_id)
    SELECT query_id, candidate_id, %(job)s FROM pooled WHERE kind <> 'duplicate'
    ORDER BY query_id, candidate_id ON CONFLICT DO NOTHING"""
MAKE_ENTRIES = f"""
    INSERT INTO mining_poolentry (pool_id, {ENTRY_COLUMNS})
    SELECT %(pool)s, pooled.query_id, pooled.candidate_id, item.id, kind, miner, rank, fused, like_id,
           likeness
    FROM pooled LEFT JOIN corpus_item item ON item.query_id = pooled.query_id
         AND item.candidate_id = pooled.candidate_id AND item.rival_id IS NULL AND kind <> 'duplicate'"""


class Found(NamedTuple):
    """The pairs (P,) that miners found for some queries, by query and candidate."""

    queries: NDArray[np.int64]
    candidates: NDArray[np.int64]
    miners: NDArray[np.int64]  # the one that ranks the pair highest, chance last
    ranks: NDArray[np.int64]
    fused: NDArray[np.float64]  # 0 for those found by chance alone
    by_chance: NDArray[np.bool_]


def make_entries(
    pool: Pool, queries: Sequence[int], *, settings: PoolSettings, embedding: Embedding | None
) -> int:
    """Make the pool's entries for these queries, and the items they need; returns how many entries."""
    found = _find(pool, queries, settings)
    positives = _positives(pool, queries, settings)
    pairs = zip(found.queries.tolist(), found.candidates.tolist(), strict=True)
    is_positive = np.array([key in positives.get(query, ()) for query, key in pairs], dtype=bool)
    alike = Alike(positives, settings=settings, embedding=embedding)
    kept, duplicates = _cut(found, ~is_positive, alike, budget=settings.budget)
    rows = [
        (query, key, PoolEntry.Kind.POSITIVE, *_hit(found, query, key), None, None)
        for query, keys in positives.items()
        for key in sorted(keys)
    ]
    for place in kept:
        rows.append((*_pair(found, place), PoolEntry.Kind.POOLED, *_facts(found, place), None, None))
    for place, like in duplicates.items():
        rows.append((*_pair(found, place), PoolEntry.Kind.DUPLICATE, *_facts(found, place), *like))
    names = {"pool": pool.pk, "job": pool.job_id}
    with writing(pool) as cursor:
        # From here to the commit no other pool is deleted, so that its items are there for these entries.
        cursor.execute("LOCK TABLE mining_poolentry IN ROW EXCLUSIVE MODE")
        cursor.execute(
            "CREATE TEMPORARY TABLE pooled (query_id bigint, candidate_id bigint, kind varchar,"
            " miner smallint, rank integer, fused float8, like_id bigint, likeness float8) ON COMMIT DROP"
        )
        with cursor.copy(f"COPY pooled ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(MAKE_ITEMS, names)
        cursor.execute(MAKE_ENTRIES, names)
        cursor.execute("DROP TABLE pooled")
    return len(rows)


class Alike:
    """Which candidates of some queries say what a positive of the same query says."""

    def __init__(
        self, positives: dict[int, set[int]], *, settings: PoolSettings, embedding: Embedding | None
    ) -> None:
        self.positives = positives
        self.settings = settings
        self.embedding = embedding
        keys = sorted(set().union(*positives.values())) if positives else []
        texts = read_candidate_texts(keys)
        self.runs = {key: runs_of_words(text) for key, text in texts.items()}
        self.vectors = dict(zip(keys, read_vectors(embedding, keys), strict=True)) if embedding else {}

    def among(self, queries: Sequence[int], candidates: Sequence[int]) -> dict[int, Likeness]:
        """Those of the pairs, by place, that are near-duplicates of a positive."""
        wanted = sorted(set(candidates))
        found = self._by_words(queries, candidates, read_candidate_texts(wanted))
        if self.embedding is not None:
            found = self._by_vectors(queries, candidates, wanted) | found
        return found

    def _by_words(
        self, queries: Sequence[int], candidates: Sequence[int], texts: dict[int, str]
    ) -> dict[int, Likeness]:
        floor, runs, found = self.settings.near_words, {}, {}
        for place, (query, key) in enumerate(zip(queries, candidates, strict=True)):
            text = texts.get(key, "")
            of_query = {
                each: self.runs[each]
                for each in self.positives.get(query, ())
                if each in self.runs and might_hold(text, self.runs[each], floor)
            }
            if not of_query:
                continue
            if key not in runs:
                runs[key] = runs_of_words(text)
            if could_reach(len(runs[key]), [len(each) for each in of_query.values()], floor):
                like = likest(runs[key], of_query)
                if like and like.share >= floor:
                    found[place] = like
        return found

    def _by_vectors(
        self, queries: Sequence[int], candidates: Sequence[int], wanted: list[int]
    ) -> dict[int, Likeness]:
        row = {key: place for place, key in enumerate(wanted)}
        vectors, found = read_vectors(self.embedding, wanted), {}
        places: dict[int, list[int]] = {}
        for place, query in enumerate(queries):
            places.setdefault(query, []).append(place)
        for query, of_query in places.items():
            positives = sorted(self.positives.get(query, ()))
            if not positives:
                continue
            near = (
                vectors[[row[candidates[place]] for place in of_query]]
                @ np.stack([self.vectors[key] for key in positives]).T
            )
            best = near.argmax(axis=1)
            for i in np.flatnonzero(near.max(axis=1) >= self.settings.near_cosine):
                found[of_query[i]] = Likeness(positives[best[i]], float(near[i, best[i]]))
        return found


def _find(pool: Pool, queries: Sequence[int], settings: PoolSettings) -> Found:
    """What the miners found for these queries, each pair once."""
    with connection.cursor() as cursor:
        cursor.execute(HITS, {"pool": pool.pk, "queries": list(queries)})
        hits = np.frombuffer(cursor.fetchone()[0] or b"", dtype=HIT)
    query, key = hits["query"].astype(np.int64), hits["candidate"].astype(np.int64)
    miner, rank, score = (hits[name].astype(np.int64) for name in ("miner", "rank", "score"))
    score = hits["score"].astype(np.float64)
    is_first = np.append(True, (np.diff(query) != 0) | (np.diff(key) != 0))[: query.size]
    pair = np.cumsum(is_first) - 1
    chance = len(pool.miners) - 1 if settings.random else -1
    mined = miner != chance
    n_pairs = int(is_first.sum())
    _, lists = np.unique(query * len(pool.miners) + miner, return_inverse=True)
    fused = fuse(
        rank[mined],
        score[mined],
        lists=lists[mined],
        pairs=pair[mined],
        n_pairs=n_pairs,
        n_miners=int(len(pool.miners) - (chance >= 0)) or 1,
        fusion=settings.fusion,
    )
    best = np.lexsort((miner, rank, ~mined, pair))[np.flatnonzero(is_first)]
    return Found(query[is_first], key[is_first], miner[best], rank[best], fused, miner[best] == chance)


def _positives(pool: Pool, queries: Sequence[int], settings: PoolSettings) -> dict[int, set[int]]:
    """The known positives of each of these queries."""
    names = names_of(pool.project, settings) | {"queries": list(queries)}
    found: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(f"{POSITIVES} AND item.query_id = ANY(%(queries)s)", names)
        for query, key, _item in cursor.fetchall():
            found.setdefault(query, set()).add(key)
    return found


def _cut(
    found: Found, free: NDArray[np.bool_], alike: Alike, *, budget: int
) -> tuple[list[int], dict[int, Likeness]]:
    """Which pairs (by place) are pooled, and which are near-duplicates met on the way to the budget.

    A query's pairs are looked at in fused order until its budget is full; those found by chance all are.
    """
    order = np.lexsort((found.candidates, -found.fused, found.by_chance, found.queries))
    order = order[free[order]]
    mined = order[~found.by_chance[order]]
    starts = np.flatnonzero(counted(found.queries[mined]) == 0)
    waiting = [list(part) for part in np.split(mined, starts[1:])] if mined.size else []
    room = [budget] * len(waiting)
    kept, duplicates = [], {}
    look = order[found.by_chance[order]].tolist()
    while True:
        for i, part in enumerate(waiting):
            look += part[: room[i]]
            waiting[i] = part[room[i] :]
        if not look:
            return sorted(kept), duplicates
        near = alike.among(found.queries[look].tolist(), found.candidates[look].tolist())
        duplicates |= {look[place]: like for place, like in near.items()}
        kept += [place for i, place in enumerate(look) if i not in near]
        refused = [look[place] for place in near if not found.by_chance[look[place]]]
        room = [0] * len(waiting)
        if not refused:
            return sorted(kept), duplicates
        slot = {int(found.queries[mined[start]]): i for i, start in enumerate(starts)}
        for place in refused:
            room[slot[int(found.queries[place])]] += 1
        look = []


def _pair(found: Found, place: int) -> tuple[int, int]:
    return int(found.queries[place]), int(found.candidates[place])


def _facts(found: Found, place: int) -> tuple[int, int, float]:
    return int(found.miners[place]), int(found.ranks[place]), float(found.fused[place])


def _hit(found: Found, query: int, key: int) -> tuple:
    """Miner, rank and fused score of a positive that a miner found; nulls where none did."""
    start, end = np.searchsorted(found.queries, [query, query + 1])
    place = start + np.searchsorted(found.candidates[start:end], key)
    return _facts(found, int(place)) if place < end and found.candidates[place] == key else (None, None, None)
