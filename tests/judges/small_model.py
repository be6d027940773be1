"""The real small model for tests: loaded once a session, converted once a machine."""

import os
from functools import cache
from pathlib import Path

from judges.engines import connect
from judges.engines.local import LocalEngine


def small_model_var() -> Path:
    """Where tests keep the converted model: the user's cache folder, so that it is made once a machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "concord"


@cache
def small_engine() -> LocalEngine:
    """The local engine with the default model, on the CPU."""
    settings = {"var": str(small_model_var()), "device": "cpu"}
    return connect("local", url="", model="", api_key="", settings=settings)


def ask(text: str) -> list[dict]:
    """A prompt of one user message."""
    return [{"role": "user", "content": text}]
