"""What a pool holds, counted once when it is frozen."""

from typing import Any

from django.db import connection

from mining.models import Pool

BY_KIND = """
    SELECT kind, count(*), count(*) FILTER (WHERE miner IS NOT NULL), count(DISTINCT query_id)
    FROM mining_poolentry WHERE pool_id = %s GROUP BY kind"""
HITS = "SELECT miner, count(*) FROM mining_poolhit WHERE pool_id = %s GROUP BY miner"
# How many pooled candidates miner A found that miner B found too; A with itself is all of A's.
TOGETHER = """
    SELECT one.miner, other.miner, count(*)
    FROM mining_poolentry entry
    JOIN mining_poolhit one ON one.pool_id = entry.pool_id AND one.query_id = entry.query_id
         AND one.candidate_id = entry.candidate_id
    JOIN mining_poolhit other ON other.pool_id = one.pool_id AND other.query_id = one.query_id
         AND other.candidate_id = one.candidate_id
    WHERE entry.pool_id = %s AND entry.kind = 'pooled' GROUP BY one.miner, other.miner"""
ALONE = """
    SELECT miner, count(*) FROM (
        SELECT min(hit.miner) AS miner FROM mining_poolentry entry
        JOIN mining_poolhit hit ON hit.pool_id = entry.pool_id AND hit.query_id = entry.query_id
             AND hit.candidate_id = entry.candidate_id
        WHERE entry.pool_id = %s AND entry.kind = 'pooled'
        GROUP BY entry.query_id, entry.candidate_id HAVING count(*) = 1
    ) alone GROUP BY miner"""
POSITIVES_FOUND = """
    SELECT hit.miner, count(*) FROM mining_poolentry entry
    JOIN mining_poolhit hit ON hit.pool_id = entry.pool_id AND hit.query_id = entry.query_id
         AND hit.candidate_id = entry.candidate_id
    WHERE entry.pool_id = %s AND entry.kind = 'positive' GROUP BY hit.miner"""


def count_pool(pool: Pool, *, n_queries: int) -> dict[str, Any]:
    """Entries by kind, each miner's hits and what it alone found, and how many every two found both."""
    n = len(pool.miners)
    kinds: dict[str, tuple[int, int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(BY_KIND, [pool.pk])
        for kind, *counted in cursor.fetchall():
            kinds[kind] = tuple(counted)
        cursor.execute(HITS, [pool.pk])
        hits = dict(cursor.fetchall())
        cursor.execute(TOGETHER, [pool.pk])
        together = {(one, other): found for one, other, found in cursor.fetchall()}
        cursor.execute(ALONE, [pool.pk])
        alone = dict(cursor.fetchall())
        cursor.execute(POSITIVES_FOUND, [pool.pk])
        positives = dict(cursor.fetchall())
    nothing = (0, 0, 0)
    return {
        "n_queries": n_queries,
        "n_with_positive": kinds.get("positive", nothing)[2],
        "n_positives": kinds.get("positive", nothing)[0],
        "n_positives_found": kinds.get("positive", nothing)[1],
        "n_pooled": kinds.get("pooled", nothing)[0],
        "n_duplicates": kinds.get("duplicate", nothing)[0],
        "n_hits": [hits.get(place, 0) for place in range(n)],
        "alone": [alone.get(place, 0) for place in range(n)],
        "positives": [positives.get(place, 0) for place in range(n)],
        "together": [[together.get((one, other), 0) for other in range(n)] for one in range(n)],
    }
