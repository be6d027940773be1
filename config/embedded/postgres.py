"""Starting, joining and stopping the PostgreSQL of a CONCORD_VAR.

The server listens on a Unix socket in postgres/ (mode 0700), or, where that path is too long for a socket, on
a free port of 127.0.0.1; with a password either way. It is shared as sharing.py says. PostgreSQL's own
postmaster.pid tells where it listens and whether it is ready.
"""

import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil
import psycopg

from config.embedded import cluster
from config.embedded.paths import LONGEST_SOCKET_PATH, Folders
from config.embedded.problems import ServiceProblem
from config.embedded.server_user import server_user
from config.embedded.sharing import Lease, Sharing, has_ended

SECONDS_TO_START = 600  # recovering after a crash in the middle of a large import takes minutes
SECONDS_TO_STOP = 120
SECONDS_FOR_ORPHANS = 30
SECONDS_TO_DIE = 2
SECONDS_OF_SILENCE = 5


class Postmaster(NamedTuple):
    """What postmaster.pid says of a server that is alive."""

    process: psutil.Process
    host: str
    port: int
    ready: bool


def ensure_postgres(var: Path) -> Lease:
    """Start the PostgreSQL of this CONCORD_VAR, making it first if need be, or join it where it runs.

    The lease's url is a DATABASE_URL. ServiceProblem when the server cannot be had.
    """
    folders = Folders(var)
    sharing = Sharing(folders, "postgres")
    with sharing.alone(), sharing.entering() as users:
        server = running_server(folders)
        if server is None or not server.ready:
            server = _start(folders, sharing)
        try:
            url = _admit(folders, server)
        except ServiceProblem:
            # One that was killed a moment ago still takes calls.
            _, alive = psutil.wait_procs([server.process], timeout=SECONDS_TO_DIE)
            if alive:
                raise
            url = _admit(folders, _start(folders, sharing))
        return Lease(sharing, users, url=url, stop=lambda: stop_server(folders))


def running_server(folders: Folders) -> Postmaster | None:
    """The server that runs on this folder's cluster, or None."""
    data = cluster.data_folder(folders)
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or (process := _postgres_process(lines[0], data)) is None:
        return None
    lines += [""] * 8
    return Postmaster(
        process=process,
        host=lines[4] or lines[5],
        port=int(lines[3] or 0),
        ready=lines[7].strip() == "ready",
    )


def _postgres_process(pid: str, data: Path) -> psutil.Process | None:
    """The process of that number if it is a living PostgreSQL of this data folder: numbers are used again."""
    try:
        process = psutil.Process(abs(int(pid)))
        if process.status() == psutil.STATUS_ZOMBIE or str(data) not in process.cmdline():
            return None
    except (ValueError, psutil.NoSuchProcess):
        return None
    return process


def _start(folders: Folders, sharing: Sharing) -> Postmaster:
    """Start the server and wait until it takes connections."""
    log = folders.logs / "postgres.log"
    data = cluster.data_folder(folders)
    user = server_user(cluster.binaries() / "postgres", folders.postgres)
    cluster.make_cluster(folders, user)
    deadline = time.monotonic() + SECONDS_FOR_ORPHANS
    while True:
        log_start = log.stat().st_size if log.exists() else 0
        alive = running_server(folders)  # one that is still stopping, or that somebody started by hand
        if alive is None:
            (data / "postmaster.pid").unlink(missing_ok=True)
        starter = (
            alive.process
            if alive
            else sharing.start_kept(
                [*user.prefix, str(cluster.binaries() / "postgres"), "-D", str(data), *_listen(folders)],
                log=log,
                stop_signal=signal.SIGINT,  # PostgreSQL's "fast" shutdown
                uid=user.uid,
                gid=user.gid,
            )
        )
        try:
            return _wait_until_ready(folders, starter, log, log_start)
        except ServiceProblem as problem:
            # Backends of a server that was killed let go of its memory within moments.
            passing = alive is not None or "still in use" in str(problem)
            if not passing or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _listen(folders: Folders) -> list[str]:
    """The server's options that say where it listens."""
    socket_path = folders.postgres / ".s.PGSQL.5432"
    if len(str(socket_path).encode()) <= LONGEST_SOCKET_PATH:
        return ["-k", str(folders.postgres), "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return ["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1", "-p", str(port)]


def _wait_until_ready(
    folders: Folders, starter: psutil.Process | None, log: Path, log_start: int
) -> Postmaster:
    """The server once it is ready; ServiceProblem, with what it wrote to its log, when its starter ended."""
    began = said = time.monotonic()
    while (now := time.monotonic()) - began < SECONDS_TO_START:
        server = running_server(folders)
        if server is not None and server.ready:
            return server
        if has_ended(starter):
            raise ServiceProblem(f"PostgreSQL did not start; {log} says: {_log_since(log, log_start)}")
        if now - said > SECONDS_OF_SILENCE:
            said = now
            print(f"PostgreSQL is still starting ({now - began:.0f} s); see {log}", file=sys.stderr)
        time.sleep(0.02)
    raise ServiceProblem(f"PostgreSQL did not become ready in {SECONDS_TO_START} s; see {log}.")


def _log_since(log: Path, start: int) -> str:
    """The last lines written to the log after its first `start` bytes, as one line without their times."""
    with open(log, "rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return " ".join(re.sub(r"^.*?\[\d+\] ", "", line) for line in lines[-4:])


def _url(folders: Folders, server: Postmaster) -> str:
    """A DATABASE_URL. Every unusual character of the host is percent-encoded, capitals included:

    URL parsers fold a host to lower case, which would break a socket's path.
    """
    host = re.sub(r"[^a-z0-9._-]", lambda match: _percent(match[0]), server.host)
    password = quote(folders.secret("postgres-password"), safe="")
    return f"postgresql://{cluster.ROLE}:{password}@{host}:{server.port}/{cluster.DATABASE}"


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _admit(folders: Folders, server: Postmaster) -> str:
    """The DATABASE_URL of a server that is ready, which was seen to work; furnishes the server if need be."""
    try:
        cluster.furnish(folders, host=server.host, port=server.port)
        url = _url(folders, server)
        psycopg.connect(url, connect_timeout=30).close()
    except psycopg.OperationalError as error:
        remedy = (
            f"Were {folders.secrets} or {folders.postgres} replaced? They belong together."
            if "password" in str(error)
            else f"See {folders.logs / 'postgres.log'}."
        )
        raise ServiceProblem(
            f"The embedded PostgreSQL runs but refuses the login ({str(error).strip()}). {remedy}"
        ) from error
    return url


def stop_server(folders: Folders) -> None:
    """Shut down the server of this folder, if any, and wait; ServiceProblem when it does not end."""
    server = running_server(folders)
    if server is None:
        return
    server.process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while running_server(folders) is not None:
        if time.monotonic() > deadline:
            raise ServiceProblem(
                f"PostgreSQL (process {server.process.pid}) did not stop in {SECONDS_TO_STOP} s."
            )
        time.sleep(0.02)
