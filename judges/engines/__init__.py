"""Engines: the ways to ask a model. `connect` gives one by kind; its words are in `base`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judges.engines.base import Engine, EngineUnsuited

KINDS = ("local", "openai")


def connect(kind: str, *, url: str, model: str, api_key: str, settings: Mapping[str, Any]) -> Engine:
    """An engine of this kind, ready to be asked; torch is imported for "local" only.

    `url` and `api_key` mean nothing to the local engine, whose `model` is a folder (empty: the small
    default model). `settings` are the kind's own, described in its module; an unknown one raises
    EngineUnsuited, as an unknown kind does.
    """
    if kind == "local":
        from judges.engines.local import LocalEngine

        return LocalEngine.from_settings(model, settings)
    if kind == "openai":
        from judges.engines.openai import OpenAIEngine

        return OpenAIEngine.from_settings(url, model, api_key, settings)
    raise EngineUnsuited(f"There is no engine of kind “{kind}”; the kinds are {', '.join(KINDS)}.")
