"""Drawing a project's own items for an experiment: those that people graded and whose texts are known."""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from corpus.models import Project
from judges.items import judged_items
from judges.scoring.base import JudgedItem

DRAWN = """
    SELECT item.id, item.query_id, candidate.external_id, query.external_id, reference.grade
    FROM corpus_reference reference JOIN corpus_item item ON item.id = reference.item_id
    JOIN corpus_query query ON query.id = item.query_id
    JOIN corpus_candidate candidate ON candidate.id = item.candidate_id
    WHERE query.project_id = %(project)s AND item.rival_id IS NULL
      AND query.text <> '' AND candidate.text <> ''
      AND reference.grade = ANY(%(grades)s) AND NOT item.id = ANY(%(without)s)
      AND NOT EXISTS (SELECT FROM corpus_variant variant WHERE variant.item_id = item.id)
    ORDER BY hashint8extended(item.id, %(seed)s), item.id LIMIT %(n)s
"""


class Drawn(NamedTuple):
    """An item by lot, with its human grade and its texts."""

    item_id: int
    query_id: int
    candidate_name: str  # the ids that the project gave them
    query_name: str
    grade: int
    texts: JudgedItem


def draw_items(
    project: Project, *, n: int, seed: int, grades: Collection[int], without: Collection[int] = ()
) -> list[Drawn]:
    """At most `n` items whose human grade is one of `grades`; the same for the same seed and project."""
    with connection.cursor() as cursor:
        cursor.execute(
            DRAWN,
            {
                "project": project.pk,
                "grades": list(grades),
                "without": list(without),
                "seed": seed,
                "n": n,
            },
        )
        rows = cursor.fetchall()
    texts = judged_items([row[0] for row in rows])
    return [Drawn(*row, text) for row, text in zip(rows, texts, strict=True)]


def one_per_query(drawn: Collection[Drawn]) -> list[Drawn]:
    """The first drawn item of each query."""
    first: dict[int, Drawn] = {}
    for each in drawn:
        first.setdefault(each.query_id, each)
    return list(first.values())
