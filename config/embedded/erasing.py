"""Erasing a CONCORD_VAR: python -m config.embedded.erasing (what `make demo-reset` does)."""

import fcntl
import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from config.embedded import leftovers, postgres, valkey
from config.embedded.paths import Folders, concord_var
from config.embedded.problems import ServiceProblem
from config.embedded.sharing import Sharing

OURS = ("postgres", "valkey", "logs", "models", "files", "static", "secrets", "run")


def erase(var: Path) -> None:
    """Delete the sub-folders that Concord made in var, and var itself when nothing else is in it.

    A folder that never was Concord's is left alone. ServiceProblem while anything of Concord runs there.
    """
    if not (var / "run").is_dir() or not (var / "secrets").is_dir():
        return
    folders = Folders(var)
    with ExitStack() as held:
        supervisor = folders.open_lock(folders.run / leftovers.LOCK)
        held.callback(os.close, supervisor)
        _hold_or_refuse(supervisor, var)
        for name, stop_server in (("postgres", postgres.stop_server), ("valkey", valkey.stop_server)):
            sharing = Sharing(folders, name)
            held.enter_context(sharing.alone())
            users = folders.open_lock(sharing.users_path)
            held.callback(os.close, users)
            _hold_or_refuse(users, var)
            stop_server(folders)
        for name in OURS:
            shutil.rmtree(var / name, ignore_errors=True)
    if not any(var.iterdir()):
        var.rmdir()


def _hold_or_refuse(descriptor: int, var: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ServiceProblem(f"Concord still runs from {var}; stop it first.") from None


if __name__ == "__main__":
    try:
        erase(concord_var())
    except ServiceProblem as problem:
        sys.exit(str(problem))
