"""Whether the database has what vectors need; `manage.py migrate` asks before it changes anything."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core.checks import CheckMessage, Error
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

LEAST = "0.7"
"""The first pgvector with half precision: the type halfvec, its binary form, and HNSW indexes over it."""

FACTS = """
    SELECT (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
           (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),
           EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper) OR EXISTS (
               SELECT FROM pg_available_extension_versions v JOIN pg_available_extensions e
               ON e.name = v.name AND e.default_version = v.version
               WHERE v.name = 'vector' AND (NOT v.superuser OR v.trusted)
               AND has_database_privilege(current_database(), 'CREATE')),
           current_user, current_database()"""


class Facts(NamedTuple):
    """What the database says about its extension `vector`."""

    installed: str | None  # the version in this database
    offered: str | None  # the version that the server would install
    may_create: bool
    role: str
    database: str


def check_pgvector(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """One error where pgvector is missing, too old, or not to be created by this role."""
    if "default" not in (databases or ()):
        return []
    problem = problem_with(read_facts(connections["default"]))
    return [Error(problem[0], hint=problem[1], id="mining.E001")] if problem else []


def read_facts(connection: BaseDatabaseWrapper) -> Facts:
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        return Facts(*cursor.fetchone())


def problem_with(facts: Facts) -> tuple[str, str] | None:
    """What is wrong and how to mend it; None where vectors can be stored."""
    update = f"run ALTER EXTENSION vector UPDATE in the database “{facts.database}” as an administrator"
    if facts.installed and _is_enough(facts.installed):
        return None
    if facts.installed:
        said = f"The database has pgvector {facts.installed}; Concord needs {LEAST} or newer."
        if facts.offered and _is_enough(facts.offered):
            return said, f"The server has {facts.offered}: {update}."
        return said, f"Install a newer pgvector on the server, then {update}."
    if facts.offered is None:
        return (
            f"The PostgreSQL server has no extension “vector”; Concord needs pgvector {LEAST} or newer.",
            "Install pgvector on the server: a package for its version of PostgreSQL, or the image"
            " pgvector/pgvector.",
        )
    if not _is_enough(facts.offered):
        return (
            f"The PostgreSQL server has pgvector {facts.offered}; Concord needs {LEAST} or newer.",
            "Install a newer pgvector on the server.",
        )
    if not facts.may_create:
        return (
            f"The role “{facts.role}” may not create the extension “vector”.",
            f"Run CREATE EXTENSION vector in the database “{facts.database}” as an administrator, then"
            " migrate again.",
        )
    return None


def _is_enough(version: str) -> bool:
    return _numbers(version) >= _numbers(LEAST)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
