"""`manage.py demo` as people run it: in a process of its own, on a CONCORD_VAR of its own, until Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
OWN_VARIABLES = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "ENGINE_KEY", "CONCORD_VAR")


def clean_environment(var: Path) -> dict[str, str]:
    """This environment with that CONCORD_VAR and nothing that points at other services."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    return kept | {"CONCORD_VAR": str(var), "PYTHONUNBUFFERED": "1"}


def run_json(var: Path, *words: str) -> list[dict]:
    """What a command of manage.py prints with --json, beside whatever else runs in that CONCORD_VAR."""
    argv = [sys.executable, "manage.py", *words, "--json"]
    return json.loads(subprocess.check_output(argv, cwd=ROOT, env=clean_environment(var)))


def processes_of(var: Path) -> list[psutil.Process]:
    """Every process that was started for this CONCORD_VAR, or that names it."""
    return [process for process in psutil.process_iter() if _belongs_to(process, var)]


def _belongs_to(process: psutil.Process, var: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get("CONCORD_VAR") == str(var) or str(var) in " ".join(process.cmdline())
    except (psutil.Error, OSError):
        return False


class Demo:
    """One start of the demo; its output is read as it comes."""

    def __init__(self, var: Path, *, port: int) -> None:
        self.var = var
        self.lines: list[str] = []
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--until-judged", "--port", str(port)],
            cwd=ROOT,
            env=clean_environment(var),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stdout as output:
            self.lines.extend(output)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def wait_until(self, true: Callable[[], bool], *, seconds: float) -> None:
        """Wait for something to come true while the demo runs; fails with its output otherwise."""
        deadline = time.monotonic() + seconds
        while not true():
            assert self.process.poll() is None, f"the demo ended:\n{self.output}"
            assert time.monotonic() < deadline, f"not within {seconds:g} s; the demo said:\n{self.output}"
            time.sleep(0.05)

    def wait_until_up(self) -> float:
        """Wait until it has said how to log in; returns the seconds since its start."""
        self.wait_until(lambda: "Log in as" in self.output, seconds=180)
        return time.monotonic() - self.began

    @property
    def address(self) -> str:
        return re.search(r"Concord is up: (\S+)", self.output)[1]

    def interrupt(self) -> None:
        """Ctrl-C, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=120)
        self._reader.join()

    def kill(self) -> None:
        """For a test that fails half-way; what it started is stopped by its guard."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Visitor:
    """A browser without a screen: follows redirects and keeps cookies."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        return self._opener.open(self.address + path, timeout=30).read().decode()

    def log_in(self, username: str, password: str) -> str:
        """The page that follows: the first one when the password is right, else the form again."""
        self.get("/login/")
        token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
        body = urllib.parse.urlencode(form).encode()
        return self._opener.open(self.address + "/login/", body, timeout=30).read().decode()
