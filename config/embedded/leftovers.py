"""Children that outlived their supervisor, and how they are stopped: ours and nothing else.

Every child is recorded in run/NAME.child with its process number, start time, command line and a random mark,
which stands in its environment too and so in that of its descendants. As a script (python -I leftovers.py
RUN_FOLDER) it waits until the supervisor of that folder is gone, however it went, and stops what it left:
each supervisor starts one such guard. Imports nothing of Concord, so that it stays small.
"""

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

MARK = "CONCORD_CHILD"
LOCK = "supervisor.lock"
SECONDS_OF_GRACE = 10.0


def record_child(run: Path, name: str, *, pid: int, argv: Sequence[str], mark: str) -> None:
    """Write down a child that was just started."""
    record = {"pid": pid, "started": psutil.Process(pid).create_time(), "argv": list(argv), "mark": mark}
    draft = run / f".{name}.child.new"
    draft.write_text(json.dumps(record))
    draft.rename(run / f"{name}.child")


def forget_child(run: Path, name: str) -> None:
    (run / f"{name}.child").unlink(missing_ok=True)


def stop_leftovers(run: Path, *, grace: float = SECONDS_OF_GRACE) -> list[str]:
    """Stop every recorded child that still lives, with its descendants; returns the names of those that did.

    Only for whoever holds the supervisor's lock. SIGTERM to the child, and SIGKILL to whatever of it is left
    after `grace` seconds.
    """
    found, leaders = [], []
    records = [(path, _read(path)) for path in sorted(run.glob("*.child"))]
    for path, record in records:
        leader = record and _leader(record)
        if leader:
            leaders.append(leader)
            with contextlib.suppress(psutil.NoSuchProcess):
                leader.terminate()
        if leader or (record and _marked(record["mark"])):
            found.append(path.stem)
    for survivor in psutil.wait_procs(leaders, timeout=grace)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            survivor.kill()
    for path, record in records:
        if record:
            kill_family(record["mark"])
        path.unlink(missing_ok=True)
    return found


def kill_family(mark: str) -> None:
    """SIGKILL every process that carries the mark: a child and its descendants."""
    for process in _marked(mark):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text())
        return record if {"pid", "started", "argv", "mark"} <= record.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _leader(record: dict[str, Any]) -> psutil.Process | None:
    """The recorded process itself, if it lives: same number, same start, same command line or mark."""
    try:
        process = psutil.Process(record["pid"])
        same_start = abs(process.create_time() - record["started"]) < 0.05
        alive = process.status() != psutil.STATUS_ZOMBIE
        if same_start and alive and (process.cmdline() == record["argv"] or _mark(process) == record["mark"]):
            return process
    except psutil.NoSuchProcess:
        pass
    return None


def _marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _mark(process) == mark]


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def guard(run: Path) -> None:
    """Wait for the supervisor's end, then stop what it left behind."""
    try:
        lock = os.open(run / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return
    fcntl.flock(lock, fcntl.LOCK_EX)
    stop_leftovers(run)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
