"""Kill -9 amid ten thousand items: worker, broker, PostgreSQL, engine; and a worker that sleeps too long.

In the end every item has exactly one verdict, and little was asked twice. Everything runs as processes on a
CONCORD_VAR of its own; in this process there are only the questions asked of the database.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.embedded.paths import Folders
from config.embedded.ports import first_free_port
from config.embedded.postgres import ensure_postgres, running_server
from config.embedded.valkey import ensure_valkey
from tests.flows.demo_process import ROOT, clean_environment, processes_of

pytestmark = pytest.mark.services
N_QUERIES, N_CANDIDATES = 200, 50
N_ITEMS = N_QUERIES * N_CANDIDATES
MOST_TWICE = 0.15  # share of the items; what was under way or not yet written at the fault


class Site:
    """Services, a stand-in for vLLM and workers, each of which can be killed and started again."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.leases = [ensure_postgres(var), ensure_valkey(var)]
        secret = Folders(var).secret
        self.environment = clean_environment(var) | {
            "DATABASE_URL": self.leases[0].url,
            "BROKER_URL": self.leases[1].url,
            "SECRET_KEY": secret("secret-key"),
            "ENGINE_KEY": secret("engine-key"),
        }
        self.port = first_free_port(8300)
        self.asked = var.parent / "asked.txt"
        self.processes: list[subprocess.Popen] = []

    def manage(self, *words: str) -> str:
        argv = [sys.executable, "manage.py", *words]
        return subprocess.run(
            argv, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def start(self, *argv: str) -> subprocess.Popen:
        log = (self.var.parent / "processes.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *argv],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen:
        return self.start(
            "-m", "celery", "-A", "config.celery", "worker", "--beat", "-Q", "judging,jobs",
            "--concurrency", "1",
            "--schedule", str(self.var.parent / f"beat-{len(self.processes)}"), "--loglevel", "INFO",
        )  # fmt: skip

    def start_engine(self) -> subprocess.Popen:
        return self.start(
            "-m",
            "tests.judges.vllm_stub",
            "--port",
            str(self.port),
            "--delay",
            "0.02",
            "--log",
            str(self.asked),
        )

    def ask(self, statement: str):
        """The first value that the database answers; None while it is away."""
        try:
            with psycopg.connect(self.leases[0].url, connect_timeout=5) as connection:
                return connection.execute(statement).fetchone()[0]
        except psycopg.OperationalError:
            return None

    def n_verdicts(self, run: int) -> int:
        return self.ask(f"SELECT count(*) FROM judges_verdict WHERE run_id = {run}") or 0

    def state(self, run: int) -> str:
        return self.ask(
            f"SELECT j.state FROM judges_run r JOIN corpus_job j ON j.id = r.job_id WHERE r.id = {run}"
        )

    def kill(self, process: subprocess.Popen) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.processes.remove(process)

    def kill_broker(self) -> None:
        server = next(each for each in processes_of(self.var) if "valkey-server" in " ".join(each.cmdline()))
        server.kill()
        psutil.wait_procs([server], timeout=10)

    def kill_database(self) -> None:
        server = running_server(Folders(self.var)).process
        server.kill()
        psutil.wait_procs([server], timeout=10)

    def end(self) -> None:
        for process in list(self.processes):
            os.killpg(process.pid, signal.SIGCONT)
            self.kill(process)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    folder.chmod(0o711)
    site = Site(folder / "var")
    site.manage("migrate", "--noinput", "-v0")
    pairs = folder / "pairs.jsonl"
    with pairs.open("w") as file:
        for query in range(N_QUERIES):
            for place in range(N_CANDIDATES):
                name = f"q{query}-{place}"
                row = {"query_id": f"q{query}", "query": f"Subject {query}?", "candidate_id": name}
                file.write(json.dumps(row | {"candidate": f"item {name} grade {place % 4} text"}) + "\n")
    pairs.chmod(0o644)
    site.manage("import", "soil", str(pairs), "--json")
    engine = site.start_engine()
    url = f"http://127.0.0.1:{site.port}/v1"
    wait_until(lambda: psutil.Process(engine.pid).net_connections(), 30)
    site.manage("engine", "add", "e", "--kind", "vllm", "--url", url, "--model", "stub-model",
                "--setting", "concurrency=16", "--setting", "tries=2")  # fmt: skip
    site.engine = engine
    yield site
    site.end()
    for lease in site.leases[::-1]:
        lease.leave()


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def kill_worker(site: Site, worker: subprocess.Popen) -> None:
    site.kill(worker)
    site.start_worker()


def kill_broker(site: Site, worker: subprocess.Popen) -> None:
    site.kill_broker()
    time.sleep(2)
    site.leases.append(ensure_valkey(site.var))


def kill_database(site: Site, worker: subprocess.Popen) -> None:
    site.kill_database()
    time.sleep(2)
    site.leases.append(ensure_postgres(site.var))


def kill_engine(site: Site, worker: subprocess.Popen) -> None:
    site.kill(site.engine)
    time.sleep(3)
    site.engine = site.start_engine()


def freeze_worker(site: Site, worker: subprocess.Popen) -> None:
    """For longer than the lease of its shard lasts, with another worker beside it."""
    os.killpg(worker.pid, signal.SIGSTOP)
    site.start_worker()
    time.sleep(25)
    os.killpg(worker.pid, signal.SIGCONT)


@pytest.mark.parametrize("fault", [kill_worker, kill_broker, kill_database, kill_engine, freeze_worker])
def test_a_run_of_ten_thousand_items_survives(fault, site):
    name = fault.__name__
    site.asked.write_text("")
    site.manage(
        "judge", "add", "soil", name, "--engine", "e", "--prompt", "grade-basic", "--scoring", "grade"
    )
    worker = site.start_worker()
    run = json.loads(site.manage("judge", "soil", "--judge", name, "--json"))["run"]
    wait_until(lambda: site.n_verdicts(run) > N_ITEMS / 4, 60)
    n_before = site.n_verdicts(run)
    assert n_before < N_ITEMS
    began = time.monotonic()
    fault(site, worker)
    wait_until(lambda: site.state(run) == "done", 240)
    took = time.monotonic() - began
    assert site.n_verdicts(run) == N_ITEMS
    assert site.ask(f"SELECT n_graded FROM judges_run WHERE id = {run}") == N_ITEMS
    asked = Counter(site.asked.read_text().split())
    assert len(asked) == N_ITEMS
    twice = (asked.total() - N_ITEMS) / N_ITEMS
    print(
        f"\n{name}: at {n_before:,} of {N_ITEMS:,} verdicts; done {took:.0f} s later; {twice:.1%} asked twice"
    )
    assert twice < MOST_TWICE
    for process in list(site.processes):
        if process is not site.engine:
            site.kill(process)
