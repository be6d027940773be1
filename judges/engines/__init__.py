"""Engines: the ways to ask a model. `connect` gives one by kind; its words are in `base`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from judges.engines.base import Engine, EngineUnsuited

KINDS = ("local", "vllm", "openai")


def connect(kind: str, *, url: str, model: str, api_key: str, settings: Mapping[str, Any]) -> Engine:
    """An engine of this kind, ready to be asked; torch is imported for "local" only.

    `url` is one address or several, with white space between, of servers that serve the same model. It and
    `api_key` mean nothing to the local engine, whose `model` is a folder (empty: the small
    default model). `settings` are the kind's own, described in its module; an unknown one raises
    EngineUnsuited, as an unknown kind does.
    """
    if kind == "local":
        # Read when torch loads: waiting threads sleep instead of spinning. Two to four times faster on cores
        # that others use too, as in a demo; no slower on idle ones.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        os.environ.setdefault("TQDM_DISABLE", "1")  # progress bars are no lines of a log
        if settings.get("embeds"):
            from judges.engines.local_embedding import LocalEmbedder

            return LocalEmbedder.from_settings(model, settings)
        from judges.engines.local import LocalEngine

        return LocalEngine.from_settings(model, settings)
    if kind == "openai":
        from judges.engines.openai import OpenAIEngine

        return OpenAIEngine.from_settings(url, model, api_key, settings)
    if kind == "vllm":
        from judges.engines.vllm import VllmEngine

        return VllmEngine.from_settings(url, model, api_key, settings)
    raise EngineUnsuited(f"There is no engine of kind “{kind}”; the kinds are {', '.join(KINDS)}.")
