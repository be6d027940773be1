"""Tables out of the store, query by query, some thousand rows at a time, read ahead in a thread.

One stretch of queries is one statement, sorted in memory: a sort of the whole table would go through files.
All of it happens in the caller's transaction, so that it is of one moment.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import psycopg
from django.db import connection, transaction

from exchange.datasets.sources import Sources
from exchange.datasets.splits import Placed
from exchange.datasets.statements import Statement, criteria_statement, pairs_statement, rows_statement
from exchange.datasets.table import Marks, Pair, Row
from exchange.importing.prefetch import chunks_ahead, without_cycle_search

ITEMS_A_CHUNK = 8_000
CHUNK_MEMORY = "64MB"
Record = TypeVar("Record", Row, Pair, Marks)
Make = Callable[[tuple[Any, ...]], Any]


@contextmanager
def one_moment() -> Iterator[str]:
    """A transaction that sees the store as it is now, however long the release takes; its snapshot's name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


@contextmanager
def same_moment(snapshot: str) -> Iterator[None]:
    """A transaction on another connection that sees what the one with this snapshot sees."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
        yield


def read_rows(sources: Sources, placed: Placed) -> Iterator[list[Row]]:
    """The rows of each query that has any, in order."""
    return _read(rows_statement(sources), placed, Row._make)


def read_pairs(sources: Sources, placed: Placed) -> Iterator[list[Pair]]:
    """The comparisons of each query that has any, in order of their ids, the smaller one first."""
    for pairs in _read(pairs_statement(sources), placed, Pair._make):
        yield sorted(map(in_order, pairs), key=lambda pair: (pair.first_id.encode(), pair.second_id.encode()))


def in_order(pair: Pair) -> Pair:
    """The same comparison with the candidate of the smaller id first."""
    if pair.first_id.encode() < pair.second_id.encode():
        return pair
    turned = {"first": "second", "second": "first"}
    return pair._replace(
        first_id=pair.second_id,
        first_title=pair.second_title,
        first=pair.second,
        second_id=pair.first_id,
        second_title=pair.first_title,
        second=pair.first,
        preferred=turned.get(pair.preferred, pair.preferred),
        score=None if pair.score is None else 1 - pair.score,
    )


def read_criteria(sources: Sources, placed: Placed) -> Iterator[list[Marks]]:
    """The candidates of each query that have grades on the criteria, in order."""
    assert sources.criteria is not None
    scales = [scale.values for scale in sources.criteria.scales]

    def make(values: tuple[Any, ...]) -> Marks:
        marks = Marks._make(values)
        grades = [nearest(mean, scale) for mean, scale in zip(marks.grades, scales, strict=True)]
        return marks._replace(grades=grades)

    return _read(criteria_statement(sources), placed, make)


def nearest(mean: float, scale: list[int]) -> int:
    """The grade nearest to the mean, the upper one of two that are equally near."""
    return min(scale, key=lambda grade: (abs(grade - mean), -grade))


def _read(statement: Statement, placed: Placed, make: Make) -> Iterator[list[Any]]:
    with without_cycle_search(), closing(chunks_ahead(_chunks(statement, connection.connection))) as chunks:
        for chunk in chunks:
            for _, rows in groupby(chunk.fetchall(), key=itemgetter(0)):
                yield list(map(make, rows))


def _chunks(statement: Statement, raw: "psycopg.Connection[Any]") -> Iterator["psycopg.Cursor[Any]"]:
    """Results with rows of whole queries, in the reader’s thread, on the open transaction’s connection.

    They are not parsed yet: while the caller does that, the database works on the next ones.
    """
    select, keys = statement
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{CHUNK_MEMORY}'")
        stretches = _stretches(cursor)
    for first, last in stretches:
        yield psycopg.Cursor(raw).execute(select, {**keys, "first": first, "last": last}, binary=True)


def _stretches(cursor: "psycopg.Cursor[Any]") -> list[tuple[int, int]]:
    """Places of the first and the last query of each chunk: some thousand items, or one query's."""
    cursor.execute(
        "SELECT min(place), max(place) FROM ("
        f" SELECT place, div(sum(n_items) OVER (ORDER BY place) - n_items, {ITEMS_A_CHUNK}) AS chunk"
        " FROM release_query) placed GROUP BY chunk ORDER BY chunk"
    )
    return cursor.fetchall()
