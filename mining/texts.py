"""Which queries and candidates a pool looks at, and their texts read in pieces.

Candidates known by id alone are left out, as nobody could judge them; so are those that only attacked or
otherwise changed items have.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from corpus.models import Project
from mining.pool_settings import PoolSettings

AT_ONCE = 2000

# Candidates that only variants have, each with every item a variant of another.
OF_VARIANTS = """
    SELECT item.candidate_id
    FROM corpus_item item LEFT JOIN corpus_variant variant ON variant.item_id = item.id
    WHERE item.candidate_id IN (
        SELECT i.candidate_id FROM corpus_variant v JOIN corpus_item i ON i.id = v.item_id
        JOIN corpus_query q ON q.id = i.query_id WHERE q.project_id = %(project)s)
    GROUP BY item.candidate_id HAVING bool_and(variant.item_id IS NOT NULL)"""
POSITIVES = """
    SELECT string_agg(int8send(item.query_id) || int8send(item.candidate_id), ''::bytea
                      ORDER BY item.query_id, item.candidate_id)
    FROM corpus_reference reference JOIN corpus_item item ON item.id = reference.item_id
    JOIN corpus_query query ON query.id = item.query_id
    JOIN corpus_candidate candidate ON candidate.id = item.candidate_id
    WHERE query.project_id = %(project)s AND query.text <> '' AND candidate.content_hash IS NOT NULL
      AND (%(split)s::varchar IS NULL OR query.split = %(split)s)
      AND reference.grade >= %(cut)s AND item.rival_id IS NULL
      AND NOT EXISTS (SELECT FROM corpus_variant v WHERE v.item_id = item.id)"""
QUERIES = """
    SELECT query.id FROM corpus_query query
    WHERE query.project_id = %(project)s AND query.text <> ''
      AND (%(split)s::varchar IS NULL OR query.split = %(split)s)"""
# A query that variants ask is none of the collection's own.
OWN = """
    AND NOT EXISTS (SELECT FROM corpus_item i JOIN corpus_variant v ON v.item_id = i.id
                    WHERE i.query_id = query.id)"""


class Text(NamedTuple):
    id: int
    text: str


class Positives(NamedTuple):
    """Pairs (n,) that people graded relevant, by the keys of query and candidate."""

    queries: NDArray[np.int64]
    candidates: NDArray[np.int64]

    def of(self, queries: Sequence[int]) -> dict[int, list[int]]:
        """The candidates of each of these queries, none left out."""
        starts = np.searchsorted(self.queries, queries)
        ends = np.searchsorted(self.queries, queries, side="right")
        spans = zip(queries, starts.tolist(), ends.tolist(), strict=True)
        return {query: self.candidates[start:end].tolist() for query, start, end in spans}


def read_positives(project: Project, settings: PoolSettings) -> Positives:
    """The known positives of all queries that the pool may look at."""
    with connection.cursor() as cursor:
        cursor.execute(POSITIVES, _names(project, settings))
        pairs = np.frombuffer(cursor.fetchone()[0] or b"", dtype=">i8").astype(np.int64).reshape(-1, 2)
    return Positives(pairs[:, 0].copy(), pairs[:, 1].copy())


def read_queries(project: Project, settings: PoolSettings) -> list[int]:
    """The keys of all the project's own queries that the pool may look at, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(f"{QUERIES} {OWN} ORDER BY query.id", _names(project, settings))
        return [key for (key,) in cursor.fetchall()]


def read_query_texts(queries: Sequence[int]) -> list[Text]:
    """The texts of these queries, in order of their keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, text FROM corpus_query WHERE id = ANY(%s) ORDER BY id", [list(queries)])
        return [Text(*row) for row in cursor.fetchall()]


def candidates_of_variants(project: Project) -> set[int]:
    """The keys of candidates that only variants have; most projects have none."""
    with connection.cursor() as cursor:
        cursor.execute(OF_VARIANTS, {"project": project.pk})
        return {key for (key,) in cursor.fetchall()}


def read_candidates(project: Project) -> Iterator[list[Text]]:
    """Title and text of every candidate there is to find, by key, some thousands at a time."""
    after, left_out = 0, candidates_of_variants(project)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, concat_ws(E'\\n', nullif(title, ''), text) FROM corpus_candidate"
                " WHERE project_id = %s AND id > %s AND content_hash IS NOT NULL ORDER BY id LIMIT %s",
                [project.pk, after, AT_ONCE],
            )
            rows = [Text(*row) for row in cursor.fetchall()]
        if not rows:
            return
        yield [row for row in rows if row.id not in left_out]
        after = rows[-1].id


def read_candidate_keys(project: Project) -> NDArray[np.int64]:
    """The keys of every candidate there is to find, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(int8send(id), ''::bytea ORDER BY id) FROM corpus_candidate"
            " WHERE project_id = %s AND content_hash IS NOT NULL",
            [project.pk],
        )
        keys = np.frombuffer(cursor.fetchone()[0] or b"", dtype=">i8").astype(np.int64)
    left_out = candidates_of_variants(project)
    return keys[~np.isin(keys, list(left_out))] if left_out else keys


def read_candidate_texts(candidates: Sequence[int]) -> dict[int, str]:
    """Title and text of these candidates by key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, concat_ws(E'\\n', nullif(title, ''), text) FROM corpus_candidate"
            " WHERE id = ANY(%s::bigint[])",
            [as_array(candidates)],
        )
        return dict(cursor.fetchall())


def _names(project: Project, settings: PoolSettings) -> dict[str, object]:
    """The parameters of the statements above."""
    return {"project": project.pk, "split": settings.split, "cut": settings.cut}


def as_array(keys: Iterable[int]) -> str:
    """Keys as PostgreSQL writes an array: for thousands of them many times quicker than the driver is."""
    return "{" + ",".join(map(str, keys)) + "}"


def batches(keys: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The keys, `size` at a time."""
    for at in range(0, len(keys), size):
        yield keys[at : at + size]
