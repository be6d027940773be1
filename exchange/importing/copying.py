"""Rows into PostgreSQL by COPY, as fast as text can be joined."""

import time
from collections.abc import Callable, Iterable, Sequence

NULL = "\\N"


def escape(text: str) -> str:
    """A string as COPY's text format wants it."""
    return (
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        if "\\" in text or "\n" in text or "\r" in text or "\t" in text
        else text
    )


def copy_lines(cursor, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY ready lines (tab-separated, escaped, NULL as \\N, without line ends) into a table."""
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        block: list[str] = []
        for line in lines:
            block.append(line)
            if len(block) == 2000:
                block.append("")
                copy.write("\n".join(block))
                block = []
        if block:
            block.append("")
            copy.write("\n".join(block))


def reserve_ids(cursor, table: str, n: int) -> list[int]:
    """Take n fresh primary keys of the table from its sequence."""
    cursor.execute(
        "SELECT array_agg(nextval(sequence)) FROM"
        " (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence OFFSET 0) s, generate_series(1, %s)",
        [table, n],
    )
    return cursor.fetchone()[0]


def lock_project(cursor, project_id: int, *, while_waiting: Callable[[], None] = lambda: None) -> None:
    """Only one transaction at a time writes or deletes a project's collection; held until it ends.

    `while_waiting` is called twice a second while another one has the lock; it may raise.
    """
    while True:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('concord-collection'), %s)", [project_id])
        if cursor.fetchone()[0]:
            return
        while_waiting()
        time.sleep(0.5)
