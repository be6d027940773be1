"""Deleting a pool that was never frozen: what miners found, and the items that it alone needs."""

import time
from typing import NamedTuple

from django.db import connection, transaction

from annotate.references import lock_references
from corpus.audit import record
from corpus.counting import Count, count
from corpus.jobs import cancel
from corpus.models import User
from corpus.models.audit import Verb
from corpus.proven_keys import check_again, skip_proven_foreign_keys
from mining.models import Pool
from mining.pool_settings import PoolRefused

PATIENCE_SECONDS = 10.0

# Items that the pool made and nothing else uses. What a second reading, a consensus or a selection names has
# a verdict, a label or an entry too, but the database does not check while they go.
SPARE = """
    item.job_id = %(job)s
    AND NOT EXISTS (SELECT FROM annotate_label u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM annotate_consensus u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM annotate_adjudication u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM annotate_slot u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM annotate_golditem u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM corpus_reference u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM corpus_itemsetentry u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM corpus_variant u WHERE u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM corpus_variant u WHERE u.original_id = item.id)
    AND NOT EXISTS (SELECT FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id
                    JOIN judges_verdict u ON u.run_id = r.id
                    WHERE j.project_id = %(project)s AND u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id
                    JOIN judges_secondreading u ON u.run_id = r.id
                    WHERE j.project_id = %(project)s AND u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM mining_pool p JOIN mining_poolentry u ON u.pool_id = p.id
                    WHERE p.project_id = %(project)s AND p.id <> %(pool)s AND u.item_id = item.id)
    AND NOT EXISTS (SELECT FROM mining_pool p JOIN mining_selection s ON s.pool_id = p.id
                    JOIN mining_selectionentry u ON u.selection_id = s.id
                    WHERE p.project_id = %(project)s AND u.item_id = item.id)"""
COUNT_ITEMS = f"""
    SELECT (SELECT count(*) FROM corpus_item item WHERE {SPARE}),
           (SELECT count(*) FROM corpus_item WHERE job_id = %(job)s)"""

# Items that another pool has as well are that pool's from now on, so that they go with it.
HAND_ON = """
    UPDATE corpus_item item SET job_id = heir.job_id
    FROM (SELECT u.item_id, min(p.job_id) AS job_id FROM mining_pool p
          JOIN mining_poolentry u ON u.pool_id = p.id
          WHERE p.project_id = %(project)s AND p.id <> %(pool)s GROUP BY u.item_id) heir
    WHERE heir.item_id = item.id AND item.job_id = %(job)s"""
LOCKS = """
    LOCK TABLE corpus_variant, corpus_itemsetentry, annotate_golditem IN SHARE MODE;
    LOCK TABLE mining_poolentry IN SHARE ROW EXCLUSIVE MODE"""


class Goes(NamedTuple):
    """What a pool takes with it."""

    n_hits: Count
    n_entries: Count
    n_items: int
    n_kept: int  # items it made that something else uses


def what_goes(pool: Pool) -> Goes:
    """How much would be deleted with the pool now."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ITEMS, _names(pool))
        n_items, n_made = cursor.fetchone()
    return Goes(count(pool.hits.all()), count(pool.entries.all()), n_items, n_made - n_items)


@transaction.atomic
def delete_pool(pool: Pool, *, by: User | None = None) -> None:
    """Delete the pool with its job, its hits and entries, and the items that it made and nothing else uses.

    A worker that is making it stops at its next look and stores no more. Vectors stay: they are the
    project's. Raises PoolRefused, changing nothing, where the pool is frozen or the project is being
    written to.

    Foreign-key triggers are off while the items go, where the database role may (they would read the big
    tables once per item). The locks make what SPARE says hold until the commit: item sets, gold items and
    variants are how people and judges reach an item, other pools may have it, adjudicating waits for the
    project's references and an import for its collection. A worker takes them in the same order.
    """
    with connection.cursor() as cursor:
        _lock_collection(cursor, pool.project_id)
        locked = Pool.objects.select_for_update(of=("self",)).select_related("project", "job")
        found = locked.filter(pk=pool.pk).first()
        if found is None:
            raise PoolRefused(f"The pool “{pool}” is not there any more.")
        refuse_frozen(found)
        cancel(found.job)
        lock_references(found.project_id)
        cursor.execute(LOCKS)
        names, n = _names(found), {}
        cursor.execute("DELETE FROM mining_poolhit WHERE pool_id = %(pool)s", names)
        n["n_hits"] = cursor.rowcount
        cursor.execute("DELETE FROM mining_poolentry WHERE pool_id = %(pool)s", names)
        n["n_entries"] = cursor.rowcount
        cursor.execute(HAND_ON, names)
        skipping = skip_proven_foreign_keys(cursor)
        cursor.execute(f"DELETE FROM corpus_item item WHERE {SPARE}", names)
        n["n_items"] = cursor.rowcount
        if skipping:
            check_again(cursor)
        record(Verb.POOL_DELETED, found, project=found.project, by=by, **n)
        found.job.delete()


def refuse_frozen(pool: Pool) -> None:
    """Raises PoolRefused where the pool is frozen."""
    if pool.frozen_at:
        raise PoolRefused(
            f"The pool “{pool}” is frozen: it has an item set that judges run over, so it stays."
        )


def _names(pool: Pool) -> dict[str, int]:
    return {"pool": pool.pk, "job": pool.job_id, "project": pool.project_id}


def _lock_collection(cursor, project_id: int) -> None:
    """Wait a while for whoever is writing to the project. Raises PoolRefused where that takes long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('concord-collection'), %s)", [project_id])
        if cursor.fetchone()[0]:
            return
        if time.monotonic() > deadline:
            raise PoolRefused("An import is writing to this project: delete the pool when it has ended.")
        time.sleep(0.05)
