"""From hits to a pool's entries: near-duplicates set apart, the rest cut to the budget, items made.

Positives are entries too, whether or not a miner found them, so that the judge scores them as it scores the
rest. Candidates found by chance alone stand outside the budget: nothing about them is to depend on a miner.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from mining.alike import Alike
from mining.fusing import fuse
from mining.grouped import counted
from mining.hits import HEADER, TRAILER, binary_rows, writing
from mining.likeness import Likeness
from mining.models import Embedding, Pool, PoolEntry
from mining.pool_settings import PoolSettings

HIT = np.dtype([("query", ">i8"), ("candidate", ">i8"), ("miner", ">i2"), ("rank", ">i4"), ("score", ">f8")])
HITS = """
    SELECT string_agg(int8send(query_id) || int8send(candidate_id) || int2send(miner) || int4send(rank)
                      || float8send(score), ''::bytea ORDER BY query_id, candidate_id, miner)
    FROM mining_poolhit WHERE pool_id = %(pool)s AND query_id = ANY(%(queries)s)"""
KINDS = (PoolEntry.Kind.POSITIVE, PoolEntry.Kind.POOLED, PoolEntry.Kind.DUPLICATE)
COLUMNS = {
    "query_id": ">i8", "candidate_id": ">i8", "kind": ">i2", "miner": ">i2", "rank": ">i4", "fused": ">f8",
    "like_id": ">i8", "likeness": ">f8",
}  # fmt: skip
NO_KEY = -1  # what no miner found, and no positive is like, stands so in the block of rows; NaN for numbers
MAKE_ITEMS = """
    INSERT INTO corpus_item (query_id, candidate_id, job_id)
    SELECT query_id, candidate_id, %(job)s FROM pooled WHERE kind <> %(duplicate)s
    ORDER BY query_id, candidate_id ON CONFLICT DO NOTHING"""
MAKE_ENTRIES = """
    INSERT INTO mining_poolentry (pool_id, query_id, candidate_id, item_id, kind, miner, rank, fused, like_id,
                                  likeness)
    SELECT %(pool)s, pooled.query_id, pooled.candidate_id, item.id, (%(kinds)s::varchar[])[kind + 1],
           nullif(miner, %(no_key)s), nullif(rank, %(no_key)s), nullif(fused, 'NaN'),
           nullif(like_id, %(no_key)s), nullif(likeness, 'NaN')
    FROM pooled LEFT JOIN corpus_item item ON item.query_id = pooled.query_id
         AND item.candidate_id = pooled.candidate_id AND item.rival_id IS NULL AND kind <> %(duplicate)s"""


class Found(NamedTuple):
    """The pairs (P,) that miners found for some queries, by query and candidate."""

    queries: NDArray[np.int64]
    candidates: NDArray[np.int64]
    miners: NDArray[np.int64]  # the one that ranks the pair highest, chance last
    ranks: NDArray[np.int64]
    fused: NDArray[np.float64]  # 0 for those found by chance alone
    by_chance: NDArray[np.bool_]


def work_out_entries(
    pool: Pool,
    queries: Sequence[int],
    *,
    positives: Mapping[int, Sequence[int]],
    settings: PoolSettings,
    embedding: Embedding | None,
) -> bytes:
    """The pool's entries for these queries, as rows that `write_entries` stores."""
    found = _find(pool, queries, settings)
    known = {(query, key) for query, keys in positives.items() for key in keys}
    pairs = [*zip(found.queries.tolist(), found.candidates.tolist(), strict=True)]
    is_positive = np.fromiter((pair in known for pair in pairs), dtype=bool, count=len(pairs))
    alike = Alike(positives, settings=settings, embedding=embedding)
    kept, duplicates = _cut(found, ~is_positive, alike, budget=settings.budget)
    return b"".join(
        [
            _rows(found, np.flatnonzero(is_positive), PoolEntry.Kind.POSITIVE),
            _unfound_rows(sorted(known.difference(pairs))),
            _rows(found, kept, PoolEntry.Kind.POOLED),
            _rows(found, list(duplicates), PoolEntry.Kind.DUPLICATE, list(duplicates.values())),
        ]
    )


def write_entries(pool: Pool, rows: bytes) -> None:
    """Store entries with the items they need."""
    names = {
        "pool": pool.pk,
        "job": pool.job_id,
        "kinds": [str(kind) for kind in KINDS],
        "duplicate": KINDS.index(PoolEntry.Kind.DUPLICATE),
        "no_key": NO_KEY,
    }
    with writing(pool) as cursor:
        # From here to the commit no other pool is deleted, so that its items are there for these entries.
        cursor.execute("LOCK TABLE mining_poolentry IN ROW EXCLUSIVE MODE")
        cursor.execute(
            "CREATE TEMPORARY TABLE pooled (query_id bigint, candidate_id bigint, kind smallint,"
            " miner smallint, rank integer, fused float8, like_id bigint, likeness float8) ON COMMIT DROP"
        )
        with cursor.copy(f"COPY pooled ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER + rows + TRAILER)
        cursor.execute(MAKE_ITEMS, names)
        cursor.execute(MAKE_ENTRIES, names)


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


def _rows(
    found: Found, at: Sequence[int] | NDArray[np.int64], kind: PoolEntry.Kind, like: Sequence[Likeness] = ()
) -> bytes:
    """Rows of the pairs at these places, with the positives that they are like."""
    at = np.asarray(at, dtype=np.int64)
    keys, shares = zip(*like, strict=True) if like else (NO_KEY, np.nan)
    columns = [getattr(found, name)[at] for name in ("queries", "candidates", "miners", "ranks", "fused")]
    columns.insert(2, KINDS.index(kind))
    return binary_rows([*COLUMNS.values()], [*columns, keys, shares]).tobytes()


def _unfound_rows(pairs: Sequence[tuple[int, int]]) -> bytes:
    """Rows of positives that no miner found."""
    queries, keys = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    kind = KINDS.index(PoolEntry.Kind.POSITIVE)
    return binary_rows(
        [*COLUMNS.values()], [queries, keys, kind, NO_KEY, NO_KEY, np.nan, NO_KEY, np.nan]
    ).tobytes()
