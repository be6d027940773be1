"""Fifty people label at once among all items of the project: the next item, a save, queries per request.

The real server (granian, two processes as in the container) and the real database; the people are locust
users in a process of their own (bench.labelling_people) who think 1–3 s per item and send what the browser
sends. The baseline is the same number of people at the login page of the same server, just as often.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from bench.house import ROOT, House
from config.embedded.ports import first_free_port

N_PEOPLE = 50
SECONDS = 60
ORDERS = ("random", "query")


def measure(house: House, n_rows: int) -> None:
    house.manage("collectstatic", "--noinput", "-v0")
    for order in ORDERS:
        asked = [str(N_PEOPLE), order, str(house.work / "people.json")]
        made = json.loads(_python(house, "bench.labelling_round", *asked))
        assert made["n_items"] == n_rows, made
        with _server(house) as address:
            found = _label(house, address)
        print(f"  round over {made['n_items']:,} items, order {order}: opened in {made['opening']:.1f} s")
        for name, words in (("page", "next item, the whole page"), ("save", "save, with the next items")):
            _tell(words, found[name], queries=made["queries"][name])
        _tell("sign of life", found["keep"], queries=made["queries"]["keep"])
        login = found["login"]
        _tell("baseline: the login page", login, queries=None)
        print(f"    save p95 is {found['save']['p95'] / login['p95']:.1f} times the baseline's")
        failures = sum(each["failures"] for each in found.values())
        print(f"    failed or wrong answers: {failures}")
        if failures:
            raise SystemExit("Some answers were wrong; see above.")


def _tell(words: str, found: dict, *, queries: int | None) -> None:
    asked = f", {queries} queries" if queries is not None else ""
    print(
        f"    {words}: p50 {found['p50']:.0f} ms, p95 {found['p95']:.0f} ms, p99 {found['p99']:.0f} ms"
        f" (n {found['n']:,}, {found['per_second']:.1f}/s{asked})"
    )


def _label(house: House, address: str) -> dict:
    """The people at work, then the baseline; what locust measured, by request."""
    out = house.work / "locust.json"
    for task, seconds in (("Labeller", SECONDS), ("Stranger", 15)):
        subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(ROOT / "bench" / "labelling_people.py"), task),
                *("--headless", "--users", str(N_PEOPLE), "--spawn-rate", "10"),
                *("--run-time", f"{seconds + N_PEOPLE // 10}s", "--only-summary"),
                *("--host", address, "--loglevel", "WARNING", "--exit-code-on-error", "0", "--reset-stats"),
            ],
            env=os.environ | {"BENCH_PEOPLE": str(house.work / "people.json"), "BENCH_OUT": f"{out}.{task}"},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    found = [json.loads(Path(f"{out}.{task}").read_text()) for task in ("Labeller", "Stranger")]
    return found[0] | found[1]


def _python(house: House, module: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=house.environment | house.secrets,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return run.stdout


@contextmanager
def _server(house: House):
    port = first_free_port(8100)
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "2", "--blocking-threads", "8", "--no-ws"),
            *("--log-level", "warning", "config.wsgi:application"),
        ],
        env=house.environment | house.secrets,
        cwd=ROOT,
    )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/login/", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()
