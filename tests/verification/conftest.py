"""Real vLLM on the CPU, from an environment of its own; tests skip without one and say how to get it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.embedded.ports import first_free_port
from judges import serving
from judges.engines.local_model import default_model_folder
from judges.serving import ServingProblem
from tests.judges.small_model import small_model_var
from tests.judging_fixtures import make_items  # noqa: F401 - a fixture

MODEL = "smollm2"
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def vllm() -> Path:
    """The interpreter that has vLLM."""
    try:
        return serving.find_vllm()
    except ServingProblem as problem:
        pytest.skip(str(problem))


@contextmanager
def run_vllm(vllm: Path, *flags: str, log: Path) -> Iterator[str]:
    """A vLLM server of the small model on loopback; gives its address up to and with /v1."""
    port = first_free_port(8900)
    argv = serving.serve_argv(
        str(default_model_folder(small_model_var())),
        vllm=vllm,
        name=MODEL,
        port=port,
        max_model_len=4096,
        flags=flags,
    )
    process = serving.start(argv, api_key="", log=log)
    try:
        serving.wait_for(process, port, log=log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        serving.stop(process)


@pytest.fixture(scope="session")
def fp32_url(vllm, tmp_path_factory) -> Iterator[str]:
    """vLLM as `manage.py serve` starts it: with a 32-bit head, and float32 throughout on a CPU."""
    with run_vllm(vllm, log=tmp_path_factory.mktemp("vllm") / "fp32.log") as url:
        yield url
