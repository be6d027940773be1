"""Finds jobs that have work and no worker: messages get lost, workers die, engines come back."""

from celery import shared_task
from celery.signals import worker_ready
from django.db import connection

from corpus.jobs import STALE_SECONDS, send_hint
from corpus.models import Job
from judges import running

GRACE_SECONDS = 5  # a new job's own hint gets this long
AGAIN_SECONDS = 60  # a job that was hinted at is not hinted at again before this


@shared_task(name="tasks.sweep.sweep", ignore_result=True)
def sweep() -> list[int]:
    """Hint again at jobs that nobody works on; returns their ids.

    These are queued ones whose hint got lost, waiting ones whose next try has come, and running ones
    without a heartbeat (their shards' leases have run out by then). While workers are busy elsewhere a
    job gets one hint a minute: its `retry_at` says when the next is due.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE corpus_job SET retry_at = now() + make_interval(secs => %(again)s),
                   state = CASE state WHEN 'waiting' THEN 'queued' ELSE state END
            WHERE id IN (
                SELECT id FROM corpus_job
                WHERE state NOT IN ('done', 'cancelled', 'failed')
                  AND (retry_at IS NULL OR retry_at <= now())
                  AND ((state = 'queued' AND created_at < now() - make_interval(secs => %(grace)s))
                    OR (state = 'waiting' AND retry_at IS NOT NULL)
                    OR (state = 'running' AND heartbeat_at < now() - make_interval(secs =>
                            CASE kind WHEN 'judge' THEN %(judge_stale)s ELSE %(stale)s END)))
                FOR UPDATE SKIP LOCKED
            )
            RETURNING id, kind
            """,
            {
                "again": AGAIN_SECONDS,
                "grace": GRACE_SECONDS,
                "judge_stale": running.STALE_SECONDS,
                "stale": STALE_SECONDS,
            },
        )
        found = cursor.fetchall()
    for job_id, kind in found:
        send_hint(job_id, queue=Job(kind=kind).queue)
    return [job_id for job_id, _kind in found]


@worker_ready.connect
def sweep_at_start(**_kwargs) -> None:
    """A worker that starts need not wait for beat to learn of work that was left behind."""
    sweep.delay()
