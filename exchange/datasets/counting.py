"""How many rows a plan gives, before anything is written: exactly, or estimated from the first queries."""

from collections import defaultdict
from typing import NamedTuple

from django.db import connection

from corpus.models import Project
from exchange.datasets.selection import Counted, count_selection
from exchange.datasets.sources import Sources
from exchange.datasets.splits import Placed
from exchange.datasets.statements import counts_statement

SPLITS = ("train", "dev", "test")
MOST_ITEMS = 100_000  # counted one by one
UP_TO = """
    SELECT greatest(count(*) FILTER (WHERE upto <= %s), 1)
    FROM (SELECT sum(n_items) OVER (ORDER BY place) AS upto FROM release_query) placed"""
WITH_ITEMS = """
    SELECT count(*) FROM corpus_query query WHERE query.project_id = %s
      AND EXISTS (SELECT FROM corpus_item item WHERE item.query_id = query.id)"""


class Line(NamedTuple):
    """How many rows of one state and source of grades each split has."""

    state: str
    graded_by: str
    splits: list[int]

    @property
    def total(self) -> int:
        return sum(self.splits)


class Counts(NamedTuple):
    """Rows and queries by split (train, dev, test); estimates where not all queries were counted."""

    lines: list[Line]
    queries: list[int]
    n_counted: int  # queries
    n_queries: int

    @property
    def is_estimate(self) -> bool:
        return self.n_counted < self.n_queries

    @property
    def n_rows(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def n_placed(self) -> int:
        """Queries that have rows."""
        return sum(self.queries)


def count_rows(sources: Sources, placed: Placed) -> Counts:
    """What the long table of this plan holds; of a large project the first queries, scaled up."""
    if sources.selection is not None:
        found = count_selection(sources.selection, with_unjudged=sources.plan.with_unjudged)
        return _arranged(found, n_counted=placed.n_queries, n_queries=placed.n_queries)
    n_queries = _n_queries(sources.project, placed)
    with connection.cursor() as cursor:
        cursor.execute(UP_TO, [MOST_ITEMS])
        (n_counted,) = cursor.fetchone()
        select, keys = counts_statement(sources)
        cursor.execute(select, keys | {"first": 1, "last": n_counted})
        return _arranged(cursor.fetchall(), n_counted=min(n_counted, placed.n_queries), n_queries=n_queries)


def _n_queries(project: Project, placed: Placed) -> int:
    """How many queries of the project have items, whether placed or not."""
    with connection.cursor() as cursor:
        cursor.execute(WITH_ITEMS, [project.pk])
        n_queries: int = cursor.fetchone()[0]
    return max(n_queries, placed.n_queries)


def _arranged(found: list[Counted], *, n_counted: int, n_queries: int) -> Counts:
    rows: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(SPLITS))
    queries = [0] * len(SPLITS)
    scale = n_queries / n_counted if n_counted else 1.0
    for split, state, graded_by, n_rows, n_of_split in found:
        if state is None:
            queries[SPLITS.index(split)] = round(n_of_split * scale)
        else:
            rows[state, graded_by or ""][SPLITS.index(split)] = round(n_rows * scale)
    lines = [Line(state, by, splits) for (state, by), splits in sorted(rows.items())]
    return Counts(lines, queries, n_counted, n_queries)
