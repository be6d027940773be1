"""Child processes that are started in order, looked after, and stopped in reverse order.

    with Supervisor(folders, say=print) as supervisor:
        supervisor.start(Child("web", argv=[...], env={...}, ready=page_answers))
        ...                                  # children that die meanwhile are started again

Each child leads a process group of its own, so that Ctrl-C reaches the supervisor only, and writes to
logs/NAME.log. However the supervisor dies, its children are stopped: see leftovers.py.
"""

import fcntl
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from config.embedded import leftovers
from config.embedded.paths import Folders
from config.embedded.problems import ServiceProblem

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_OF_HEALTH = 60  # a child that lived this long has its restarts forgiven
LONGEST_PAUSE = 30.0
LARGEST_LOG = 10 * 2**20  # bytes; a longer log is set aside as NAME.log.1 when its child starts


@dataclass(frozen=True)
class Child:
    """What to start. `ready` is asked until it returns true, at most for `ready_within` seconds."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ready: Callable[[], bool] = lambda: True
    ready_within: float = 60.0
    grace: float = 10.0  # seconds between SIGTERM and SIGKILL
    restarts: int = 5


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    mark: str
    started_at: float
    n_restarts: int = 0
    restart_at: float | None = None  # a dead child waits until then
    looked_after: bool = False  # from being ready to giving up


class Supervisor:
    """Starts, watches and stops children; one at a time per CONCORD_VAR.

    Entering it stops what a killed supervisor left and raises ServiceProblem while another one runs here.
    `say` gets one line per thing a person should know.
    """

    def __init__(self, folders: Folders, *, say: Callable[[str], None]) -> None:
        self.folders = folders
        self.say = say
        self._running: list[_Running] = []
        self._guarding = threading.Lock()  # over _running and the processes in it
        self._leaving = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._lock: int | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Supervisor":
        self._lock = self._take_lock()
        for name in leftovers.stop_leftovers(self.folders.run):
            self.say(f"stopped {name}, left behind by an earlier start")
        self._guard = subprocess.Popen(
            [sys.executable, "-I", str(Path(leftovers.__file__)), str(self.folders.run)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_lock(self) -> int:
        """Hold run/supervisor.lock alone; a guard may need it for a moment to finish its work."""
        descriptor = self.folders.open_lock(self.folders.run / leftovers.LOCK)
        deadline = time.monotonic() + 1.5 * leftovers.SECONDS_OF_GRACE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(descriptor, 32, 0).decode().strip()
                if _is_alive(holder) or time.monotonic() > deadline:
                    os.close(descriptor)
                    raise ServiceProblem(
                        f"Concord already runs from {self.folders.var} (process {holder}). "
                        "Stop it first, or set CONCORD_VAR to another folder."
                    ) from None
                time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor

    def start(self, child: Child) -> None:
        """Start a child and wait until it is ready; ServiceProblem when it ends or takes too long."""
        running = self._spawn(child)
        with self._guarding:
            self._running.append(running)
        deadline = time.monotonic() + child.ready_within
        while not child.ready():
            if running.process.poll() is not None:
                raise ServiceProblem(f"{child.name} ended while starting. {self._last_words(child)}")
            if time.monotonic() > deadline:
                raise ServiceProblem(
                    f"{child.name} was not ready after {child.ready_within:.0f} s. {self._last_words(child)}"
                )
            time.sleep(0.05)
        running.looked_after = True

    def is_running(self, name: str) -> bool:
        """Whether the child of that name runs at this moment."""
        with self._guarding:
            return any(one.child.name == name and one.process.poll() is None for one in self._running)

    def pid(self, name: str) -> int:
        """The present process number of the child of that name; KeyError when there is no such child."""
        with self._guarding:
            for one in self._running:
                if one.child.name == name:
                    return one.process.pid
        raise KeyError(name)

    def stop(self) -> None:
        """Stop all children, the last started first; a second call does nothing."""
        self._leaving.set()
        if self._watcher.is_alive():
            self._watcher.join()
        while self._running:
            self._end(self._running[-1])
            self._running.pop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._guard is not None:
            self._guard.wait()  # it sees that nothing is left

    def _log(self, child: Child) -> Path:
        return self.folders.logs / f"{child.name}.log"

    def _spawn(self, child: Child) -> _Running:
        log, mark = self._log(child), secrets.token_hex(16)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.rename(log.with_suffix(".log.1"))
        with open(self.folders.open_lock(log), "ab") as output:
            output.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                child.argv,
                env={**child.env, leftovers.MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        leftovers.record_child(self.folders.run, child.name, pid=process.pid, argv=child.argv, mark=mark)
        return _Running(child, process, mark, time.monotonic())

    def _last_words(self, child: Child) -> str:
        lines = self._log(child).read_text(errors="replace").splitlines()[-3:]
        return f"{self._log(child)} ends: {' / '.join(lines)}"

    def _watch(self) -> None:
        while not self._leaving.wait(SECONDS_BETWEEN_LOOKS):
            with self._guarding:
                for running in self._running:
                    self._look_after(running)

    def _look_after(self, running: _Running) -> None:
        """Start a child that died again, after a pause that doubles each time, a bounded number of times."""
        now = time.monotonic()
        if not running.looked_after:
            return
        if running.process.poll() is None:
            if now - running.started_at > SECONDS_OF_HEALTH:
                running.n_restarts = 0
            return
        child = running.child
        if running.restart_at is None:
            ended = _how_it_ended(running.process.returncode)
            if running.n_restarts >= child.restarts:
                running.looked_after = False
                self.say(f"{child.name} {ended} again and stays down. {self._last_words(child)}")
                return
            pause = min(LONGEST_PAUSE, 0.5 * 2**running.n_restarts)
            running.restart_at = now + pause
            self.say(f"{child.name} {ended}; restarting it in {pause:g} s (log: {self._log(child)})")
        elif now >= running.restart_at:
            leftovers.kill_family(running.mark)
            fresh = self._spawn(child)
            running.process, running.mark, running.started_at = fresh.process, fresh.mark, now
            running.n_restarts, running.restart_at = running.n_restarts + 1, None

    def _end(self, running: _Running) -> None:
        """SIGTERM to the child alone, which ends its own children in order; SIGKILL to what is left."""
        if running.process.poll() is None:
            running.process.terminate()
            try:
                running.process.wait(running.child.grace)
            except subprocess.TimeoutExpired:
                self.say(f"{running.child.name} did not stop in {running.child.grace:g} s and is killed")
        leftovers.kill_family(running.mark)
        running.process.wait()
        leftovers.forget_child(self.folders.run, running.child.name)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _how_it_ended(status: int) -> str:
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
