"""How several processes share one server: each holds a lock, and the last one out stops it.

Two lock files per server in run/. NAME.start is held alone while somebody starts, joins, leaves or stops the
server, so that these never overlap. NAME.users is held by every process that uses the server, shared; whoever
can take it alone is the last. The kernel drops both when a process dies, however it dies. The server itself
is the child of a keeper (keeper.py), which stops it when every user was killed.
"""

import atexit
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from config.embedded.paths import Folders

KEEPER = Path(__file__).with_name("keeper.py")


class Sharing:
    """The two locks of one server of one CONCORD_VAR."""

    def __init__(self, folders: Folders, name: str) -> None:
        self.folders = folders
        self.name = name
        self.start_path = folders.run / f"{name}.start"
        self.users_path = folders.run / f"{name}.users"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, nobody else starts, joins, leaves or stops the server."""
        with self.folders.locked(self.start_path):
            yield

    @contextmanager
    def entering(self) -> Iterator[int]:
        """Become a user, unless the block fails; gives the descriptor whose closing ends that.

        Enter it inside `alone`.
        """
        descriptor = self.folders.open_lock(self.users_path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield descriptor
        except BaseException:
            os.close(descriptor)
            raise

    def is_last(self, descriptor: int) -> bool:
        """Whether the holder of this descriptor is the only user left. Call it inside `alone`."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def start_kept(
        self,
        argv: Sequence[str],
        *,
        stop_signal: int,
        log: Path,
        stdin: Path = Path(os.devnull),
        uid: int | None = None,
        gid: int | None = None,
    ) -> psutil.Process | None:
        """Start argv under a keeper of its own session; returns the keeper, which ends when argv ends.

        The server reads stdin and writes to log. A uid makes the keeper start it as that user (only root
        can). None when the keeper has ended already.
        """
        orders = {
            "argv": list(argv),
            "stdin": str(stdin),
            "start": str(self.start_path),
            "users": str(self.users_path),
            "stop_signal": int(stop_signal),
            "uid": uid,
            "gid": gid,
        }
        with open(self.folders.open_lock(log), "ab") as output:
            started = subprocess.run(
                [sys.executable, "-I", "-S", str(KEEPER), json.dumps(orders)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd="/",
                start_new_session=True,
                check=True,
            )
        try:
            return psutil.Process(int(started.stdout))
        except psutil.NoSuchProcess:
            return None


def has_ended(process: psutil.Process | None) -> bool:
    """Whether the process is over, even where nobody has collected its exit status yet."""
    try:
        return process is None or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Lease:
    """One process's use of a shared server, from joining to `leave`.

    Leaving is also done at the interpreter's orderly exit, and by the kernel at any other. A forked child
    shares its parent's lease and cannot end it.
    """

    def __init__(self, sharing: Sharing, descriptor: int, *, url: str, stop: Callable[[], None]) -> None:
        self.url = url
        self._sharing = sharing
        self._descriptor: int | None = descriptor
        self._stop = stop
        self._process_id = os.getpid()
        atexit.register(self.leave)

    def leave(self) -> None:
        """Stop using the server, and stop the server when nobody else uses it; a second call does nothing."""
        if self._descriptor is None or os.getpid() != self._process_id:
            return
        descriptor, self._descriptor = self._descriptor, None
        atexit.unregister(self.leave)
        with self._sharing.alone():
            try:
                if self._sharing.is_last(descriptor):
                    self._stop()
            finally:
                os.close(descriptor)

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
