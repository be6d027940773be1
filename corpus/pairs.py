"""Pairs of candidates of one query, drawn from an item set so that every candidate meets others as often.

The candidates of a query stand in a circle, in an order drawn with a seed. First neighbours meet, every
second couple before the ones between, then those two places apart, and so on: a cyclic design (David 1963,
"The method of paired comparisons"). With as many pairs as candidates, or one less, all candidates of the
query hang together, which a ranking from preferences needs.
"""

from django.db import connection, transaction

from corpus.models import ItemSet

MOST_PAIRS = 500_000

# `place` counts a query's candidates from 0; pairs i, i + d (mod n) for d = 1 … n/2 name each pair once.
DRAWN = """
    WITH listed AS (
        SELECT item.query_id, item.candidate_id, min(entry.position) OVER query AS first,
               row_number() OVER (query ORDER BY hashint8extended(item.candidate_id, %(seed)s), item.id) - 1
                   AS place,
               count(*) OVER query AS n
        FROM corpus_itemsetentry entry JOIN corpus_item item ON item.id = entry.item_id
        WHERE entry.item_set_id = %(item_set)s AND item.rival_id IS NULL
        WINDOW query AS (PARTITION BY item.query_id)
    ),
    met AS (
        SELECT one.query_id, one.first, least(one.candidate_id, other.candidate_id) AS candidate_id,
               greatest(one.candidate_id, other.candidate_id) AS rival_id,
               row_number() OVER (PARTITION BY one.query_id
                                  ORDER BY apart, one.place %% 2, one.place) AS turn
        FROM listed one
        CROSS JOIN LATERAL generate_series(1, least(one.n / 2, %(per_query)s::bigint / one.n + 1)) AS apart
        JOIN listed other ON other.query_id = one.query_id AND other.place = (one.place + apart) %% one.n
        WHERE apart * 2 < one.n OR (apart * 2 = one.n AND one.place < apart)
    )
    SELECT query_id, candidate_id, rival_id, first, turn FROM met WHERE turn <= %(per_query)s
"""


class NoPairs(Exception):
    """No pairs can be made; says why."""


@transaction.atomic
def draw_pairs(source: ItemSet, *, per_query: int, seed: int) -> ItemSet:
    """The item set of at most `per_query` pairs of each query of `source`, the same for the same seed.

    Pairs that the project has already are used again. Raises NoPairs.
    """
    keys = {"item_set": source.pk, "per_query": per_query, "seed": seed}
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS {DRAWN} LIMIT {MOST_PAIRS + 1}", keys)
        n_pairs = cursor.rowcount
        if n_pairs == 0:
            raise NoPairs(f"No query of “{source}” has two candidates to compare.")
        if n_pairs > MOST_PAIRS:
            raise NoPairs(
                f"These are more than {MOST_PAIRS:,} pairs; take fewer of each query, or a smaller item set."
            )
        cursor.execute(
            "INSERT INTO corpus_item (query_id, candidate_id, rival_id)"
            " SELECT query_id, candidate_id, rival_id FROM drawn ORDER BY first, turn ON CONFLICT DO NOTHING"
        )
        pairs = ItemSet.objects.create(
            project=source.project,
            name=_free_name(source, per_query),
            made_from={"rule": "pairs", "item_set": source.pk, "per_query": per_query, "seed": seed},
            of_pairs=True,
            n_items=n_pairs,
        )
        cursor.execute(
            "INSERT INTO corpus_itemsetentry (item_set_id, position, item_id)"
            " SELECT %s, row_number() OVER (ORDER BY drawn.first, drawn.turn), item.id"
            " FROM drawn JOIN corpus_item item USING (query_id, candidate_id, rival_id)",
            [pairs.pk],
        )
        cursor.execute("DROP TABLE drawn")
    return pairs


def _free_name(source: ItemSet, per_query: int) -> str:
    wanted = f"Pairs of {source}"[:180]
    taken = set(source.project.item_sets.filter(name__startswith=wanted).values_list("name", flat=True))
    numbered = (f"{wanted} ({number})" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if name not in taken)
