"""A house of its own to measure in: an embedded PostgreSQL in a temporary folder, commands as processes."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import psycopg

from config.embedded.paths import Folders
from config.embedded.postgres import ensure_postgres

ROOT = Path(__file__).resolve().parent.parent


class Ended(NamedTuple):
    stdout: str
    seconds: float
    peak_mb: float


class House:
    """Starts on an empty folder; everything is gone afterwards."""

    def __init__(self, var: Path) -> None:
        self.var = var

    def __enter__(self) -> "House":
        self.lease = ensure_postgres(self.var)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "BROKER_URL", "CONCORD_VAR")
        } | {"CONCORD_VAR": str(self.var)}
        self.manage("runs", "--json")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lease.leave()

    @property
    def work(self) -> Path:
        folder = self.var.parent / "work"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def secrets(self) -> dict[str, str]:
        """What a process needs that does not go through manage.py."""
        secret = Folders(self.var).secret
        return {
            "DATABASE_URL": self.lease.url,
            "SECRET_KEY": secret("secret-key"),
            "ENGINE_KEY": secret("engine-key"),
        }

    def connect(self, database: str = "concord") -> psycopg.Connection:
        url = self.lease.url.rsplit("/", 1)[0] + f"/{database}" if database != "concord" else self.lease.url
        return psycopg.connect(url, autocommit=True)

    def manage(self, *arguments: str, database_url: str = "") -> Ended:
        """Run a manage.py command as a process; its wall time and peak memory (MB)."""
        environment = dict(self.environment)
        if database_url:
            environment |= self.secrets | {"DATABASE_URL": database_url}
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"manage.py {' '.join(arguments)} ended with {process.returncode}")
        return Ended(stdout, time.monotonic() - began, usage.ru_maxrss / 1024)


def peak_mb() -> float:
    """This process's own peak memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
