"""What manage.py does around a command: joins the embedded services, brings the schema up to date, leaves.

Only where the environment names no DATABASE_URL; with one, nothing here happens. Everything said goes to
stderr, so that a command's stdout is its own. Django is imported late, once there are settings.
"""

import base64
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path

from config.embedded.paths import Folders, concord_var

WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "startproject",
    "version",
}
WITHOUT_SCHEMA = {
    "dbshell",
    "makemigrations",
    "migrate",
    "optimizemigration",
    "showmigrations",
    "sqlmigrate",
    "squashmigrations",
    "test",
}


@contextmanager
def services_for(argv: Sequence[str]) -> Iterator[None]:
    """Hold, during the block, the services that the command line argv (manage.py first) needs.

    Fills DATABASE_URL, SECRET_KEY and ENGINE_KEY where they are missing, and BROKER_URL when a Valkey of this
    CONCORD_VAR runs. ServiceProblem when PostgreSQL cannot be had.
    """
    if os.environ.get("DATABASE_URL"):
        yield
        return
    if not _needs_database(argv):
        _fill_in_for_nothing()
        yield
        return
    _leave_in_order_at_signals()
    with ExitStack() as leases:
        _join(concord_var(), leases)
        if argv[1] not in WITHOUT_SCHEMA:
            bring_schema_up_to_date(Folders(concord_var()))
        if argv[1] == "dbshell" and shutil.which("psql") is None:
            from config.embedded.cluster import binaries

            os.environ["PATH"] += f"{os.pathsep}{binaries()}"
        yield


def _needs_database(argv: Sequence[str]) -> bool:
    command, options = (argv[1] if len(argv) > 1 else "help"), set(argv[1:])
    if command.startswith("-") or options & {"-h", "--help"} or command in WITHOUT_DATABASE:
        return "--database" in options
    return not (command == "makemigrations" and options & {"--check", "--dry-run"})


def _fill_in_for_nothing() -> None:
    """Values that make the settings load for a command that uses none of them; no folder is made."""
    import warnings

    os.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    os.environ.setdefault("ENGINE_KEY", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    warnings.filterwarnings("ignore", "Got an error checking a consistent migration history")


def _join(var: Path, leases: ExitStack) -> None:
    from config.embedded.postgres import ensure_postgres
    from config.embedded.valkey import join_valkey

    folders = Folders(var)
    is_new = not (var / "postgres" / "furnished").exists()
    began = time.monotonic()
    if is_new:
        say(f"Making a database in {var} ...")
    postgres = leases.enter_context(ensure_postgres(var))
    if is_new:
        say(f"Making a database in {var}: {time.monotonic() - began:.1f} s")
    os.environ["DATABASE_URL"] = postgres.url
    os.environ.setdefault("SECRET_KEY", folders.secret("secret-key"))
    os.environ.setdefault("ENGINE_KEY", folders.secret("engine-key"))
    if not os.environ.get("BROKER_URL") and (valkey := join_valkey(var)) is not None:
        leases.enter_context(valkey)
        os.environ["BROKER_URL"] = valkey.url
    leases.callback(_close_connections)


def bring_schema_up_to_date(folders: Folders) -> None:
    """Run the migrations that are pending, once, however many commands start together."""
    import django

    django.setup()
    if not _is_schema_behind():
        return
    with folders.locked(folders.run / "migrate.lock"):
        if not _is_schema_behind():
            return
        from django.core.management import call_command

        began = time.monotonic()
        say("Bringing the schema up to date ...")
        call_command("migrate", verbosity=0, interactive=False, stdout=StringIO(), stderr=sys.stderr)
        say(f"Bringing the schema up to date: {time.monotonic() - began:.1f} s")


def _is_schema_behind() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _close_connections() -> None:
    """Log out before the server may be stopped."""
    if "django.db" in sys.modules:
        from django.db import connections

        connections.close_all()


def _leave_in_order_at_signals() -> None:
    """SIGTERM and a closed terminal end the command as an exit does, so that leases are left."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda received, _: sys.exit(128 + received))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
