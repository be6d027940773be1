"""Attacked items out of the store, packed, each with its clean control and the human grades of both."""

from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from corpus.models import Project
from corpus.models.variant import CLEAN, Right
from reports.counts import place_queries

BOUNDARY = "boundary"
"""The carrier of a compliance experiment's boundary cases, which are no attacks."""

NO_CONTROL = 0
UNGRADED = -32_768  # the lowest smallint: no scale has it

# The clean control of a variant is the plain item it was made from. Where that is not in the project (random
# words have none) it is the clean variant of the same query, carrier and words, if there is just one.
VARIANTS = f"""
    WITH attacked AS MATERIALIZED (
        SELECT variant.item_id, item.query_id, variant.original_id, variant.carrier, variant.attack,
               variant.words, variant."right", variant.grade
        FROM corpus_variant variant JOIN corpus_item item ON item.id = variant.item_id
        JOIN corpus_query query ON query.id = item.query_id
        WHERE query.project_id = %(project)s AND variant.carrier <> '{BOUNDARY}'
    ), clean AS (
        SELECT query_id, carrier, words, min(item_id) AS item_id FROM attacked
        WHERE attack = '{CLEAN}' GROUP BY query_id, carrier, words HAVING count(*) = 1
    ), matched AS (
        SELECT attacked.*,
               coalesce(attacked.original_id, nullif(clean.item_id, attacked.item_id)) AS control_id
        FROM attacked LEFT JOIN clean USING (query_id, carrier, words)
    )
"""
# The right grade is the item's own reference, or what its making says, or else the original's, where a grade
# is what the judge has to give.
PACKED = f"""
    {VARIANTS}
    SELECT matched.carrier, matched.attack, matched.words,
           string_agg(int8send(matched.item_id), ''::bytea),
           string_agg(int8send(matched.query_id), ''::bytea),
           string_agg(int8send(coalesce(matched.control_id, {NO_CONTROL})), ''::bytea),
           string_agg(int2send(coalesce(people.grade, {UNGRADED})::smallint), ''::bytea),
           string_agg(int2send(coalesce(of_control.grade, control.grade, origin.grade, people.grade,
               {UNGRADED})::smallint), ''::bytea)
    FROM matched
    LEFT JOIN corpus_reference own ON own.item_id = matched.item_id
    LEFT JOIN corpus_reference source ON source.item_id = matched.original_id
    LEFT JOIN corpus_reference of_control ON of_control.item_id = matched.control_id
    LEFT JOIN corpus_variant control ON control.item_id = matched.control_id
    LEFT JOIN corpus_reference origin ON origin.item_id = control.original_id
    CROSS JOIN LATERAL (SELECT coalesce(
        own.grade, matched.grade, CASE WHEN matched."right" = '{Right.GRADE}' THEN source.grade END
    )) people (grade)
    WHERE %(items)s::bigint[] IS NULL OR matched.item_id = ANY(%(items)s)
    GROUP BY 1, 2, 3
    ORDER BY matched.carrier COLLATE "C", matched.attack COLLATE "C", matched.words
"""
MARK = """
    SELECT count(*), count(variant.original_id),
           coalesce(sum(hashtextextended(concat_ws('|', variant.item_id, variant.original_id, variant.carrier,
               variant.attack, variant.words, variant."right", variant.grade), 0)), 0)::text
    FROM corpus_variant variant JOIN corpus_item item ON item.id = variant.item_id
    JOIN corpus_query query ON query.id = item.query_id WHERE query.project_id = %s
"""


class Kind(NamedTuple):
    """What was done to an item."""

    carrier: str
    attack: str
    words: int

    @property
    def is_clean(self) -> bool:
        return self.attack == CLEAN


class Variants(NamedTuple):
    """A project's attacked items, by item; grades are values, NaN where there is none."""

    kinds: list[Kind]
    items: NDArray[np.int64]  # (N,) keys, ascending
    queries: NDArray[np.int64]  # (N,) positions of queries in the order of their ids
    of_kind: NDArray[np.int64]  # (N,) positions of kinds
    controls: NDArray[np.int64]  # (N,) keys of clean controls, NO_CONTROL where there is none
    people: NDArray[np.float64]  # (N,) human grades
    people_clean: NDArray[np.float64]  # (N,) human grades of the controls

    def only(self, kept: NDArray[np.bool_]) -> "Variants":
        """Those of the items that are kept (N,), among the same kinds."""
        return Variants(self.kinds, *(each[kept] for each in self[1:]))


def read_variants(project: Project, *, items: list[int] | None = None) -> Variants:
    """The attacked items of a project, or those of them with these keys, with their clean controls."""
    with connection.cursor() as cursor:
        cursor.execute(PACKED, {"project": project.pk, "items": items})
        rows = cursor.fetchall()
    kinds = [Kind(*row[:3]) for row in rows]
    keys, queries, controls = (_joined([row[place] for row in rows], ">i8") for place in (3, 4, 5))
    people, people_clean = (_grades(_joined([row[place] for row in rows], ">i2")) for place in (6, 7))
    sizes = [len(row[3]) // 8 for row in rows]
    of_kind = np.repeat(np.arange(len(kinds)), sizes)
    order = np.argsort(keys, kind="stable")
    positions = place_queries(queries)[0] if len(queries) else queries
    return Variants(
        kinds,
        *(each[order] for each in (keys, positions, of_kind, controls, people, people_clean)),
    )


def variants_mark(project: Project) -> list:
    """Tells whether the project's variants are still the same."""
    with connection.cursor() as cursor:
        cursor.execute(MARK, [project.pk])
        return list(cursor.fetchone())


def _joined(parts: list[bytes], kind: str) -> NDArray[np.int64]:
    return np.frombuffer(b"".join(parts), dtype=kind).astype(np.int64)


def _grades(values: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(values == UNGRADED, np.nan, values)
