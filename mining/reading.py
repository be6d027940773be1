"""A pool's pairs with what judges and people say of them, packed: half a million in a second, then kept.

A slider on the page of the rule asks for the same pairs again and again; the key of what is kept holds all it
depends on, so that it is never stale.
"""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from judges.models import Run
from mining.grouped import counted
from mining.models import Pool
from mining.rules import Pairs

MOST_KEPT = 256_000_000  # bytes
PIECES = 16  # strings that PostgreSQL puts together, so that none nears its limit of a gigabyte

# A verdict without a score speaks by its grade.
PACKED = """
    SELECT string_agg(
        int8send(entry.query_id) || int8send(entry.candidate_id) || int8send(entry.item_id)
        || int2send((entry.kind = 'positive')::int::smallint)
        || int2send(coalesce((entry.miner = %(chance)s)::int, 0)::smallint)
        || int2send(coalesce((reference.grade >= %(cut)s)::int, -1)::smallint)
        || float8send(coalesce(verdict.score, verdict.grade, 'NaN'::float8))
        || float8send(coalesce(verdict.label_mass, 'NaN'::float8))
        || float8send(coalesce(second.score, second.grade, 'NaN'::float8))
        || float8send(coalesce(second.label_mass, 'NaN'::float8)), ''::bytea)
    FROM mining_poolentry entry
    LEFT JOIN judges_verdict verdict ON verdict.run_id = %(run)s AND verdict.item_id = entry.item_id
    LEFT JOIN judges_verdict second ON second.run_id = %(second)s AND second.item_id = entry.item_id
    LEFT JOIN corpus_reference reference ON reference.item_id = entry.item_id
    WHERE entry.pool_id = %(pool)s AND entry.kind <> 'duplicate'
    GROUP BY entry.query_id %% %(pieces)s"""
ROW = np.dtype(
    [
        ("query", ">i8"), ("candidate", ">i8"), ("item", ">i8"), ("positive", ">i2"), ("chance", ">i2"),
        ("people", ">i2"), ("score", ">f8"), ("mass", ">f8"), ("second", ">f8"), ("second_mass", ">f8"),
    ]
)  # fmt: skip


class PoolPairs(NamedTuple):
    """A pool's pairs (N,) by query and candidate, with their keys."""

    queries: NDArray[np.int64]  # (Q,) keys, in the order of the pairs' positions
    candidates: NDArray[np.int64]  # (N,) keys
    items: NDArray[np.int64]  # (N,) keys
    pairs: Pairs

    @property
    def n_bytes(self) -> int:
        arrays = [self.queries, self.candidates, self.items, *self.pairs]
        return sum(each.nbytes for each in arrays if each is not None)


class _Kept:
    """What was read last, up to so many bytes, and at least the last."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._found: OrderedDict[tuple, PoolPairs] = OrderedDict()

    def get(self, key: tuple) -> PoolPairs | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def keep(self, key: tuple, found: PoolPairs) -> None:
        with self._lock:
            self._found[key] = found
            while len(self._found) > 1 and sum(each.n_bytes for each in self._found.values()) > self._most:
                self._found.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._found.clear()


kept = _Kept(MOST_KEPT)


def read_pairs(pool: Pool, run: Run, *, second: Run | None = None) -> PoolPairs:
    """The pool's pairs with this run's verdicts, and those of a second judge's run where there is one."""
    key = (pool.pk, pool.project.reference_version, _state(run), _state(second))
    found = kept.get(key)
    if found is None:
        found = _read(pool, run, second)
        kept.keep(key, found)
    return found


def _state(run: Run | None) -> tuple:
    """What tells whether a run's verdicts have changed: it goes on, or its failures are judged once more."""
    return (run.pk, run.job.finished_at, run.n_done, run.n_failed, run.n_graded) if run else ()


def _read(pool: Pool, run: Run, second: Run | None) -> PoolPairs:
    names = {
        "pool": pool.pk,
        "run": run.pk,
        "second": second.pk if second else None,
        "cut": pool.settings["cut"],
        "chance": chance_of(pool),
        "pieces": PIECES,
    }
    with connection.cursor() as cursor:
        cursor.execute(PACKED, names)
        packed = b"".join(piece for (piece,) in cursor.fetchall())
    rows = np.frombuffer(packed, dtype=ROW)
    query, candidate = rows["query"].astype(np.int64), rows["candidate"].astype(np.int64)
    order = np.lexsort((candidate, query))
    rows, query = rows[order], query[order]
    starts = counted(query) == 0
    people = rows["people"].astype(np.int8)
    pairs = Pairs(
        np.cumsum(starts) - 1,
        (rows["positive"] == 1) & (people == 1),
        rows["chance"] == 1,
        people,
        rows["score"].astype(np.float64),
        rows["mass"].astype(np.float64),
        rows["second"].astype(np.float64) if second else None,
        rows["second_mass"].astype(np.float64) if second else None,
    )
    return PoolPairs(query[starts], candidate[order], rows["item"].astype(np.int64), pairs)


def chance_of(pool: Pool) -> int:
    """The place of the miner that draws by chance; −1 where the pool has none."""
    return next((place for place, miner in enumerate(pool.miners) if miner["kind"] == "random"), -1)
