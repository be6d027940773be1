"""Judging with real vLLM on this CPU, beside vLLM's own offline `LLM.generate` on the same prompts.

Eighty items: of the collection that CONCORD_SHARED_DATA names, where it is set, else of the sample project.
The server starts as `manage.py serve` starts it; its prefix cache is emptied between the parts.
"""

import json
import os
import random
import subprocess
import tempfile
import time
import urllib.request
from datetime import datetime
from pathlib import Path

from bench import judging_client
from bench.house import ROOT, House
from config.embedded.ports import first_free_port
from judges import serving
from judges.engines import connect
from judges.engines.local_model import DEFAULT_MODEL, default_model_folder
from judges.prompting import render
from judges.serving import ServingProblem

PROJECT = "real"
N_QUERIES, N_CANDIDATES = 8, 10
LABELS = ("0", "1", "2", "3", "X")


def measure(house: House) -> None:
    try:
        vllm = serving.find_vllm()
    except ServingProblem as problem:
        print(f"  real vLLM: not measured. {problem}")
        return
    pairs = house.work / "real.jsonl"
    n = _choose(pairs)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "concord"
    model = str(default_model_folder(cache))
    items = judging_client.read(pairs)
    house.manage("import", PROJECT, str(pairs), "--json")
    port, log = first_free_port(8200), house.work / "vllm.log"
    os.environ["VLLM_SERVER_DEV_MODE"] = "1"  # the prefix cache can be emptied
    argv = serving.serve_argv(model, vllm=vllm, name=DEFAULT_MODEL, port=port, max_model_len=4096)
    process = serving.start(argv, api_key="", log=log)
    url = f"http://127.0.0.1:{port}"
    try:
        serving.wait_for(process, port, log=log)
        ids = _label_ids(url)
        run = _run(house, url + "/v1")
        _forget(url)
        mixed = random.Random(1).sample(items, len(items))
        at_random = _score(url + "/v1", mixed)
        _forget(url)
        in_order = _score(url + "/v1", items)
    finally:
        serving.stop(process)
    offline = _offline(vllm, model, items, ids)
    share = run["tokens_cached"] / max(run["tokens_in"], 1)
    took = _seconds(run)
    print(f"  against real vLLM on this CPU, {n} items, {run['tokens_in'] / n:.0f} prompt tokens each:")
    print(f"    a run, verdicts in PostgreSQL: {took:.1f} s, {share:.0%} of tokens from the cache")
    print(f"    vLLM's own LLM.generate, the same prompts: {offline:.1f} s")
    print(f"    ratio: {offline / took:.2f} (goal >= 0.9)")
    print(f"    queries together: {in_order:.1f} s; items in random order: {at_random:.1f} s"
          f" ({at_random / in_order:.2f} times as long)")  # fmt: skip


def _choose(pairs: Path) -> int:
    """Write the first candidates of the first queries; how many there are."""
    shared = os.environ.get("CONCORD_SHARED_DATA", "")
    source = Path(shared) / "dl21" / "pairs.jsonl" if shared else ROOT / "corpus" / "sample" / "pairs.jsonl"
    chosen: dict[str, list[dict]] = {}
    for line in source.open():
        row = json.loads(line)
        if row["query_id"] in chosen or len(chosen) < N_QUERIES:
            chosen.setdefault(row["query_id"], []).append(row)
    rows = [row for query in chosen.values() for row in query[:N_CANDIDATES]]
    names = ("query_id", "query", "candidate_id", "candidate")
    pairs.write_text("".join(json.dumps({name: row[name] for name in names}) + "\n" for row in rows))
    return len(rows)


def _run(house: House, url: str) -> dict:
    house.manage("engine", "add", "real", "--kind", "vllm", "--url", url, "--model", DEFAULT_MODEL)
    house.manage(
        "judge", "add", PROJECT, "grader", "--engine", "real", "--prompt", "grade-basic", "--scoring", "grade"
    )
    run = json.loads(house.manage("judge", PROJECT, "--judge", "grader", "--wait", "--json").stdout)
    assert run["state"] == "done", run
    assert not run["n_failed"], run
    return run


def _seconds(run: dict) -> float:
    """From the first item, after the engine was probed, to the end."""
    began, end = (datetime.fromisoformat(run[name]) for name in ("probed_at", "finished_at"))
    return (end - began).total_seconds()


def _score(url: str, items: list) -> float:
    began = time.monotonic()
    judging_client.score(url, items, model=DEFAULT_MODEL)
    return time.monotonic() - began


def _label_ids(url: str) -> list[int]:
    engine = connect("vllm", url=url, model=DEFAULT_MODEL, api_key="", settings={})
    item = judging_client.JudgedItem(1, "a", "", "", "b")
    ids = engine.label_ids(render(judging_client.PROMPT, item, judging_client.SCALE), LABELS)
    engine.close()
    return ids


def _forget(url: str) -> None:
    request = urllib.request.Request(url + "/reset_prefix_cache", method="POST")
    urllib.request.urlopen(request, timeout=60).close()


def _offline(vllm: Path, model: str, items: list, ids: list[int]) -> float:
    """Seconds that `LLM.generate` takes in a process of vLLM's own environment, loading left out."""
    prompts = [render(judging_client.PROMPT, item, judging_client.SCALE) for item in items]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"model": model, "prompts": prompts, "ids": ids}, file)
        file.flush()
        done = subprocess.run(
            [str(vllm), str(ROOT / "bench" / "judging_offline.py"), file.name],
            env=os.environ | serving.QUIET | serving.CPU_SETTINGS,
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
    found = next(line for line in done.stdout.splitlines() if line.startswith('{"seconds"'))
    return json.loads(found)["seconds"]
