"""A real broker and real Celery worker processes, also for the tests that kill them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]


class Worker:
    """A Celery worker process (with its children) on the test database; started again after a kill."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self.process: subprocess.Popen | None = None

    def start(self, *, n_processes: int = 1, beat: bool = False) -> None:
        argv = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-Q", "judging,jobs"]
        argv += ["--beat"] if beat else []
        argv += [
            "--concurrency",
            str(n_processes),
            "--loglevel",
            "INFO",
            "--without-gossip",
            "--without-mingle",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """Kill -9 the worker and its children, all at once."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self, *, within: float) -> None:
        """Ask the worker to stop, as a supervisor does; TimeoutExpired when it takes longer (seconds)."""
        self.process.terminate()
        self.process.wait(within)

    def freeze(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory):
    from config.embedded.valkey import ensure_valkey

    lease = ensure_valkey(tmp_path_factory.mktemp("broker"))
    yield lease.url
    lease.leave()


@pytest.fixture
def use_broker(settings):
    """use_broker(url) lets this process send its hints there; undone at the end."""
    from config.celery import app

    before = app.conf.broker_url

    def use(url: str) -> None:
        settings.CELERY_BROKER_URL = url
        app.conf.broker_url = url
        app._after_fork()  # forget connections to the broker before

    yield use
    app.conf.broker_url = before
    app._after_fork()


@pytest.fixture
def make_worker(broker_url, use_broker, transactional_db, tmp_path):
    """make_worker(**environment) gives a Worker, not started; all are killed at the end."""
    from django.db import connection

    from config.celery import app

    use_broker(broker_url)
    app.control.purge()
    test_database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    services = os.environ | {"BROKER_URL": broker_url, "DATABASE_URL": test_database.geturl()}
    workers = []

    def make(**environment: str) -> Worker:
        workers.append(Worker(services | environment, tmp_path / f"worker-{len(workers)}.log"))
        return workers[-1]

    yield make
    for worker in workers:
        worker.kill()
    app.control.purge()


@pytest.fixture
def wait_until():
    """wait_until(condition, seconds): fails with the condition's name when it does not come true."""

    def wait(condition, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{condition.__name__} did not come true in {seconds} s"
            time.sleep(0.05)

    return wait
