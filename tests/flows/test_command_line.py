"""The whole way by commands alone, each a process of its own, on one folder and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.judges.openai_stub import OpenAIStub

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "corpus" / "sample"
OWN_VARIABLES = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "ENGINE_KEY", "CONCORD_VAR")
TIME_LIMIT = 300  # seconds a command

pytestmark = pytest.mark.services


@pytest.fixture
def manage(tmp_path):
    """Runs a command of manage.py on an empty CONCORD_VAR and returns what it printed on stdout."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    environment = kept | {"CONCORD_VAR": str(tmp_path / "var"), "PYTHONWARNINGS": "error"}

    def run(*words: str, status: int = 0, said: str = "") -> str:
        ended = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False,
        )  # fmt: skip
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
        assert said in ended.stderr
        return ended.stdout

    return run


def test_from_files_through_a_judge_to_a_dataset_and_back(manage, tmp_path):
    said = json.loads(manage("user", "add", "alice", "--admin", "--json", said="Making a database in"))
    assert said["password"]

    manage("import", "sample", str(SAMPLE / "pairs.jsonl"), said="Made project “sample”")
    labels = json.loads(manage("import", "sample", str(SAMPLE / "labels.jsonl"), "--json"))
    assert (labels["kind"], labels["counts"]["labels"]) == ("labels", 384)
    again = json.loads(manage("import", "sample", str(SAMPLE / "labels.jsonl"), "--json"))
    assert again["counts"] == {"unchanged": 384}
    manage("import", "sample", str(tmp_path / "none.csv"), status=1, said="There is no file none.csv")

    with OpenAIStub() as stub:
        manage("engine", "add", "stub", "--kind", "openai", "--url", stub.url, "--model", "stub-model")
        for name, prompt, scoring in (
            ("grader", "grade-basic", "grade"),
            ("asker", "yes-no-relevance", "yes_no"),
        ):
            judge = ("--engine", "stub", "--prompt", prompt, "--scoring", scoring)
            manage("judge", "add", "sample", name, *judge)
            manage("judge", "sample", "--judge", name, "--wait")
    runs = json.loads(manage("runs", "sample", "--json"))
    assert {run["state"] for run in runs} == {"done"}

    qrels = tmp_path / "qrels.txt"
    manage("export", "sample", "--as", "qrels", "--out", str(qrels))
    n_references = len(qrels.read_text().splitlines())
    manage("import", "sample", str(qrels), "--as", "verdicts", "--judge", "echo")

    agreement = json.loads(manage("agreement", "sample", "--json"))
    assert [judge["judge"] for judge in agreement] == ["asker", "echo", "grader"]
    assert {judge["n"] for judge in agreement} == {n_references}
    assert (agreement[1]["kappa"], agreement[1]["kappa_ci"]) == (1.0, [1.0, 1.0])

    for file_format in ("csv", "jsonl"):
        out = tmp_path / f"grades.{file_format}"
        written = json.loads(manage("export", "sample", "--as", file_format, "--out", str(out), "--json"))
        assert written["n_rows"] == 384 + 2 * 192 + n_references
        copy = f"copy-{file_format}"
        manage("import", copy, str(out), "--as", "grades")
        assert json.loads(manage("agreement", copy, "--json")) == agreement

    manage("import", "by-id", str(qrels), "--as", "verdicts", "--judge", "people")
    manage("import", "by-id", str(qrels), "--as", "qrels", "--rater", "people")
    (perfect,) = json.loads(manage("agreement", "by-id", "--json"))
    assert (perfect["judge"], perfect["prompt"], perfect["kappa"]) == ("people", None, 1.0)
