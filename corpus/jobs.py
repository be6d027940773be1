"""Background work: the row is the truth, a message only a hint "job N has work".

`enqueue` is the only door into Celery; `Progress` is what a worker holds while it does an exclusive job
(import, export): it beats, reports and learns of a cancellation on a connection of its own, so that its
writes are visible while the work's own transaction is still open.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from corpus.leaving import is_leaving
from corpus.models import Job

logger = logging.getLogger(__name__)
STALE_SECONDS = 60
BEAT_SECONDS = 10
PATIENCE_SECONDS = 2.0


class JobStopped(Exception):
    """The job was cancelled or taken over, or its worker leaves: stop, keep nothing half done."""


def enqueue(job: Job) -> None:
    """After commit, hint to the workers that this job has work. Without a broker the sweep finds it."""
    transaction.on_commit(lambda: send_hint(job.pk, queue=job.queue))


def send_hint(job_id: int, *, queue: str) -> None:
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task("tasks.work.work_on_job", [job_id], queue=queue, retry=False)
    except Exception as error:  # the broker's client raises many kinds; the row stays and the sweep finds it
        logger.warning("Broker unreachable, job %s waits for the sweep: %s", job_id, error)


def _words(note: str) -> str:
    """The note without its numbers."""
    return re.sub(r"\d[\d,.]*", "", note)


class Progress:
    """A worker's hold on one exclusive job. `update` raises JobStopped once the job is no longer its own."""

    def __init__(self, job: Job, cursor, *, on_update: Callable[[Job], None] | None = None) -> None:
        self.job = job
        self._cursor = cursor
        self._on_update = on_update
        self._written_at = 0.0

    def update(
        self, *, n_done: int | None = None, n_total: int | None = None, note: str | None = None
    ) -> None:
        """Report progress; writes at most twice a second, and at once when the note says something else.

        A note that only counts on says nothing else.
        """
        if n_done is not None:
            self.job.n_done = n_done
        if n_total is not None:
            self.job.n_total = n_total
        changed_note = note is not None and _words(note) != _words(self.job.note)
        if note is not None:
            self.job.note = note
        if self._on_update:
            self._on_update(self.job)
        if changed_note or time.monotonic() - self._written_at >= 0.5:
            self.write()

    def write(self) -> None:
        if is_leaving():
            self._queue_again()
        self._written_at = time.monotonic()
        self._cursor.execute(
            "UPDATE corpus_job SET n_done = %s, n_total = %s, note = %s, heartbeat_at = now()"
            " WHERE id = %s AND attempt = %s AND state = 'running'",
            [self.job.n_done, self.job.n_total, self.job.note, self.job.pk, self.job.attempt],
        )
        if self._cursor.rowcount == 0:
            raise JobStopped(f"Job {self.job.pk} was cancelled or taken over.")

    def _queue_again(self) -> None:
        """Leave the whole job to the next worker; raises JobStopped."""
        self._cursor.execute(
            "UPDATE corpus_job SET state = 'queued', note = '' WHERE id = %s AND attempt = %s"
            " AND state = 'running'",
            [self.job.pk, self.job.attempt],
        )
        if self._cursor.rowcount:
            send_hint(self.job.pk, queue=self.job.queue)
        raise JobStopped(f"Job {self.job.pk} is left to the next worker.")

    def finish(self, state: str, *, result: dict, error: str, note: str) -> None:
        """Record how the job ended; no word where it is not this worker's any more."""
        self._end(self._cursor, state, result=result, error=error, note=note)

    def finish_within(self, cursor, *, result: dict) -> None:
        """End the job as done in the transaction of `cursor`, as its last act: work and end are one commit.

        Raises JobStopped when the job was cancelled or taken over, so that nothing of a worker that woke
        too late is stored.
        """
        if not self._end(cursor, Job.State.DONE, result=result, error="", note=""):
            raise JobStopped(f"Job {self.job.pk} was cancelled or taken over.")

    def _end(self, cursor, state: str, *, result: dict, error: str, note: str) -> bool:
        cursor.execute(
            "UPDATE corpus_job SET state = %s, n_done = %s, n_total = coalesce(%s, n_total), note = %s,"
            " result = %s, error = %s, finished_at = now(), heartbeat_at = now()"
            " WHERE id = %s AND attempt = %s AND state = 'running'",
            [
                state,
                self.job.n_done,
                self.job.n_total,
                note,
                json.dumps(result),
                error,
                self.job.pk,
                self.job.attempt,
            ],
        )
        return cursor.rowcount == 1


class JobFailed(Exception):
    """The job ends as failed, for a reason the user can read; `result` is kept with it."""

    def __init__(self, reason: str, *, result: dict | None = None) -> None:
        super().__init__(reason)
        self.result = result or {}


def claim(job_id: int) -> Job | None:
    """Take an exclusive job that has work: queued, or running with a heartbeat gone stale. Else None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE corpus_job SET state = 'running', attempt = attempt + 1, heartbeat_at = now(),"
            " started_at = coalesce(started_at, now()), error = '', note = '', n_done = 0"
            " WHERE id = %s AND (state = 'queued'"
            f" OR (state = 'running' AND heartbeat_at < now() - interval '{STALE_SECONDS} seconds'))"
            " RETURNING id",
            [job_id],
        )
        claimed = cursor.fetchone()
    return Job.objects.filter(pk=job_id).first() if claimed else None


@contextmanager
def _own_cursor() -> Iterator:
    own = connection.copy("default")
    try:
        own.set_autocommit(True)
        with own.cursor() as cursor:
            yield cursor
    finally:
        own.close()


@contextmanager
def _beating(job: Job) -> Iterator[None]:
    """Beat for the job from a thread, for the time in which one long statement reports nothing."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS):
            try:
                with _own_cursor() as cursor:
                    cursor.execute(
                        "UPDATE corpus_job SET heartbeat_at = now()"
                        " WHERE id = %s AND attempt = %s AND state = 'running'",
                        [job.pk, job.attempt],
                    )
            except DatabaseError as error:
                logger.warning("No heartbeat for job %s: %s", job.pk, error)

    thread = threading.Thread(target=beat, name=f"job-{job.pk}-heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def do_exclusively(
    job_id: int,
    work: Callable[[Job, Progress], dict],
    *,
    on_update: Callable[[Job], None] | None = None,
) -> Job | None:
    """Claim the job, do `work(job, progress)` (which returns the result), and record how it ended.

    Returns the ended job, or None when there was nothing to claim or the job has been deleted meanwhile.
    Unexpected errors end the job as failed and are raised again.
    """
    job = None if is_leaving() else claim(job_id)
    if job is None:
        return None
    with _own_cursor() as cursor, _beating(job):
        progress = Progress(job, cursor, on_update=on_update)
        try:
            result = work(job, progress)
        except JobStopped:
            logger.info("Job %s stopped.", job_id)
        except JobFailed as failure:
            progress.finish(Job.State.FAILED, result=failure.result, error=str(failure), note="")
        except Exception as error:
            logger.exception("Job %s failed", job_id)
            progress.finish(
                Job.State.FAILED,
                result={},
                error=f"Something went wrong inside Concord ({type(error).__name__}); nothing was stored."
                " The server's log says more.",
                note="",
            )
            raise
        else:
            progress.finish(Job.State.DONE, result=result, error="", note="")
    return Job.objects.filter(pk=job_id).first()


def cancel(job: Job) -> bool:
    """Cancel a job that has not ended; its worker stops at its next progress report."""
    updated = (
        Job.objects.filter(pk=job.pk)
        .unfinished()
        .update(state=Job.State.CANCELLED, finished_at=timezone.now(), note="Cancelled.")
    )
    return bool(updated)


def retry(job: Job) -> bool:
    """Queue a failed or cancelled job again."""
    updated = Job.objects.filter(pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED]).update(
        state=Job.State.QUEUED, error="", note="", finished_at=None, retry_at=None
    )
    if updated:
        enqueue(job)
    return bool(updated)


def wait_for_worker(job: Job) -> bool:
    """Wait a moment for a worker to take the job; False when none did and the caller should do it itself."""
    if not settings.CELERY_BROKER_URL:
        return False
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        job.refresh_from_db(fields=["state"])
        if job.state != Job.State.QUEUED:
            return True
        time.sleep(0.1)
    return False
