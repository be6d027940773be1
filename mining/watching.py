"""A long statement of the database that can be watched and called off."""

import threading
from collections.abc import Mapping

from django.db import connection

from corpus.jobs import Progress

LOOK_SECONDS = 0.5
SHARE_DONE = """
    SELECT tuples_done, nullif(tuples_total, 0), blocks_done, nullif(blocks_total, 0)
    FROM pg_stat_progress_create_index WHERE pid = %s"""


def run_watched(statement: str, *, note: str, settings: Mapping[str, str], progress: Progress) -> None:
    """Run the statement on a connection of its own, outside any transaction, and tell how far it is.

    When the job is cancelled or taken over (JobStopped), the database is told to stop.
    """
    own = connection.copy("default")
    problems: list[BaseException] = []

    def work() -> None:
        try:
            own.set_autocommit(True)
            with own.cursor() as cursor:
                for name, value in settings.items():
                    cursor.execute(f"SET {name} = %s", [value])
                cursor.execute(statement)
        except BaseException as problem:  # told in the thread that waits
            problems.append(problem)

    own.inc_thread_sharing()
    own.ensure_connection()
    thread = threading.Thread(target=work, name="watched-statement", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            progress.update(note=_told(note, own.connection.info.backend_pid))
            thread.join(LOOK_SECONDS)
    except BaseException:
        own.connection.cancel_safe()
        raise
    finally:
        thread.join()
        own.close()
        own.dec_thread_sharing()
    if problems:
        raise problems[0]


def _told(note: str, process: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(SHARE_DONE, [process])
        found = cursor.fetchone()
    if not found:
        return note
    done, total = (found[0], found[1]) if found[1] else (found[2], found[3])
    return f"{note}: {100 * done // total} %" if total else note
