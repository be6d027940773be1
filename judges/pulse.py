"""A worker's heartbeat beside its work: leases renewed, and a pause or cancellation noticed, every second."""

import logging
import threading

from django.db import Error, connection

from corpus.leaving import is_leaving
from judges.recording import LEASE_SECONDS, Hold

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1.0


class RunStopped(Exception):
    """The run was paused, cancelled or has ended, or its worker leaves: give the shard back and stop."""


class Pulse:
    """Context manager: beats for a job in a thread with a database connection of its own.

    An engine may take longer over one call than a lease lasts, hence the thread. When the whole process
    sleeps the pulse sleeps too, and the lease runs out as it should.
    """

    def __init__(self, job_id: int, hold: Hold) -> None:
        self.job_id = job_id
        self.hold: Hold | None = hold
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse-{job_id}", daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._ended.set()
        self._thread.join()

    def is_wanted(self) -> bool:
        """Whether the job is still running and this worker was not told to stop."""
        return not (self._stopped.is_set() or is_leaving())

    def check(self) -> None:
        """Raise RunStopped once the work is not wanted any more."""
        if not self.is_wanted():
            raise RunStopped

    def _beat(self) -> None:
        own = connection.copy("default")
        try:
            while not self._ended.is_set():
                try:
                    self._beat_once(own)
                except Error as problem:  # the database may be back at the next beat; fencing guards the rest
                    logger.warning("No heartbeat for job %s: %s", self.job_id, problem)
                    own.close()
                self._ended.wait(BEAT_SECONDS)
        finally:
            own.close()

    def _beat_once(self, own) -> None:
        with own.cursor() as cursor:
            cursor.execute(
                "UPDATE corpus_job SET heartbeat_at = now() WHERE id = %s AND state = 'running'",
                [self.job_id],
            )
            if cursor.rowcount == 0:
                self._stopped.set()
            if hold := self.hold:
                cursor.execute(
                    f"UPDATE judges_shard SET leased_until = now() + interval '{LEASE_SECONDS} seconds'"
                    " WHERE run_id = %s AND number = %s AND attempt = %s AND state = 'leased'",
                    [hold.run_id, hold.number, hold.attempt],
                )
