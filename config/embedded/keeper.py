"""Runs one shared server and stops it once nobody uses it any more, even when its last user was killed.

A script of its own (python -I -S keeper.py ORDERS) that imports the standard library only, so that it stays
small: it lives as long as the server. ORDERS is JSON, see sharing.py, which starts it and explains the locks.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
from typing import Any

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_TO_STOP = 60.0


def keep(orders: dict[str, Any]) -> int:
    """Run the ordered server to its end; returns its exit status."""
    child_ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    other_user = (
        {} if orders["uid"] is None else {"user": orders["uid"], "group": orders["gid"], "extra_groups": []}
    )
    with open(orders["stdin"]) as stdin:
        server = subprocess.Popen(orders["argv"], stdin=stdin, **other_user)
    while server.poll() is None:
        readable, _, _ = select.select([child_ended], [], [], SECONDS_BETWEEN_LOOKS)
        if readable:
            os.read(child_ended, 512)
        else:
            stop_if_unused(server, orders)
    return server.returncode


def stop_if_unused(server: "subprocess.Popen[bytes]", orders: dict[str, Any]) -> None:
    """Stop the server when no process holds its users lock; do nothing while somebody starts or leaves."""
    try:
        start = os.open(orders["start"], os.O_RDWR)
        users = os.open(orders["users"], os.O_RDWR)
    except FileNotFoundError:  # the whole CONCORD_VAR was deleted: nobody can use this server
        stop(server, orders["stop_signal"])
        return
    try:
        fcntl.flock(start, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        stop(server, orders["stop_signal"])
    finally:
        os.close(users)
        os.close(start)


def stop(server: "subprocess.Popen[bytes]", stop_signal: int) -> None:
    """End the server with its own signal, and with SIGQUIT when that takes too long."""
    server.send_signal(stop_signal)
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)


def detach() -> None:
    """Go on in a child that nobody waits for; its number is printed, then stdout goes where stderr goes."""
    if child := os.fork():
        print(child, flush=True)
        os._exit(0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


if __name__ == "__main__":
    detach()
    sys.exit(keep(json.loads(sys.argv[1])))
