"""Foreign keys whose targets were just read need no second check (docs/adr/0002)."""


def skip_proven_foreign_keys(cursor) -> bool:
    """Switch foreign-key triggers off until the transaction ends, where this database role may.

    For bulk writers that take every key they write from a row they have just read or written under the
    project's lock: checking each again costs time and proves nothing. Returns whether it is on.
    """
    cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
    (allowed,) = cursor.fetchone()
    if allowed:
        cursor.execute("SET LOCAL session_replication_role = replica")
    return allowed


def skip_while_unshared(cursor, project_id: int) -> bool:
    """The same where nobody is writing or deleting the project's collection now; never waits for them.

    Imports and deletions wait for the end of this transaction then. Returns whether it is on.
    """
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('concord-collection'), %s)", [project_id])
    return cursor.fetchone()[0] and skip_proven_foreign_keys(cursor)


def check_again(cursor) -> None:
    """End of the bulk: check the keys of what the same transaction writes from here on."""
    cursor.execute("SET LOCAL session_replication_role = origin")
