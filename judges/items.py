"""Items' texts as judges are shown them."""

from collections.abc import Sequence

from django.db import connection

from judges.scoring.base import JudgedItem

TEXTS = """i.id, q.text, q.need, c.title, c.text, q.id,
                   coalesce(rival.title, ''), coalesce(rival.text, ''),
                   coalesce(q.metadata->>'reference', c.metadata->>'reference', ''),
                   coalesce(q.metadata->>'context', c.metadata->>'context', ''),
                   '', variant.item_id IS NOT NULL"""
JOINS = """JOIN corpus_query q ON q.id = i.query_id
            JOIN corpus_candidate c ON c.id = i.candidate_id
            LEFT JOIN corpus_candidate rival ON rival.id = i.rival_id
            LEFT JOIN corpus_variant variant ON variant.item_id = i.id"""
"""The columns of a JudgedItem, and what they are read from beside corpus_item i."""


def judged_items(item_ids: Sequence[int]) -> list[JudgedItem]:
    """The items with these ids, in their order; ids that are gone are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {TEXTS} FROM unnest(%s::bigint[]) WITH ORDINALITY AS listed(item_id, place)"
            f" JOIN corpus_item i ON i.id = listed.item_id {JOINS} ORDER BY listed.place",
            [list(item_ids)],
        )
        return [JudgedItem(*row) for row in cursor.fetchall()]
