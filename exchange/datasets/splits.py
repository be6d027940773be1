"""Which split a query is in: decided by a hash of its id, so that it never changes when queries are added.

share(id) = the first 32 bits of SHA-256(“seed:id”) / 2³², evenly spread over [0, 1). Below train's share it
is train, below train's and dev's together dev, else test. Queries of the same words count as one: they go by
the smallest of their ids. Where the project has split its queries itself, its test queries are the test
split, and the others are train and dev in the proportion of these two.
"""

import hashlib
from typing import NamedTuple

from django.db import connection

from corpus.models import Project
from corpus.models.collection import Split
from exchange.datasets.plan import Plan

PLACE = """
CREATE TEMPORARY TABLE release_query ON COMMIT DROP AS
WITH counted AS (
    SELECT item.query_id, count(*) AS n_items FROM corpus_item item
    JOIN corpus_query query ON query.id = item.query_id
    WHERE query.project_id = %(project)s{first} GROUP BY item.query_id
),
known AS (
    SELECT query.id, query.external_id, counted.n_items,
           min(query.external_id COLLATE "C") OVER twins AS leader,
           %(keeps_test)s AND bool_or(query.split = 'test') OVER twins AS is_held_out
    FROM corpus_query query LEFT JOIN counted ON counted.query_id = query.id
    WHERE query.project_id = %(project)s
    WINDOW twins AS (PARTITION BY CASE WHEN query.text = '' THEN 'id:' || query.external_id ELSE
                     'text:' || md5(lower(regexp_replace(btrim(query.text), '\\s+', ' ', 'g'))) END)
),
shared AS (
    SELECT known.*,
           ('x' || left(encode(sha256(convert_to(%(seed)s::text || ':' || leader, 'UTF8')), 'hex'), 8))
               ::bit(32)::bigint / 4294967296.0::float8 AS share
    FROM known WHERE n_items > 0
)
SELECT row_number() OVER (ORDER BY external_id COLLATE "C") AS place, id AS query_id, external_id, n_items,
       CASE WHEN is_held_out THEN 'test' WHEN share < %(train)s THEN 'train'
            WHEN %(keeps_test)s OR share < %(until_dev)s THEN 'dev' ELSE 'test' END AS split
FROM shared
"""

FIRST = """
      AND query.id IN (
        SELECT early.id FROM corpus_query early
        WHERE early.project_id = %(project)s
          AND EXISTS (SELECT FROM corpus_item held WHERE held.query_id = early.id)
        ORDER BY early.external_id COLLATE "C" LIMIT %(first)s
      )
"""


class Placed(NamedTuple):
    """The project's queries with items are in the temporary table `release_query`, in order."""

    n_queries: int
    n_items: int
    keeps_test: bool  # the test split is the project's own


def share(query_id: str, *, seed: int) -> float:
    """Where the query lies in [0, 1); what the database computes as well."""
    digest = hashlib.sha256(f"{seed}:{query_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def place_queries(project: Project, plan: Plan, *, first: int | None = None) -> Placed:
    """Make `release_query` (place, query_id, external_id, n_items, split) until the transaction's end.

    With `first` of so many queries only; their splits are the same.
    """
    keeps_test = project.queries.filter(split=Split.TUNE).exists()
    until_dev = (plan.train + plan.dev) / 100
    keys = {
        "project": project.pk,
        "seed": plan.seed,
        "keeps_test": keeps_test,
        "train": plan.train / (plan.train + plan.dev) if keeps_test else plan.train / 100,
        "until_dev": until_dev,
        "first": first,
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS release_query")
        cursor.execute(PLACE.format(first=FIRST if first else ""), keys)
        cursor.execute("ALTER TABLE release_query ADD PRIMARY KEY (place)")
        cursor.execute("ANALYZE release_query")
        cursor.execute("SELECT count(*), coalesce(sum(n_items), 0) FROM release_query")
        n_queries, n_items = cursor.fetchone()
    return Placed(n_queries, int(n_items), keeps_test)
