"""What a chat completion says: the labels' log-probabilities, or the text, or that there is neither.

A first token counts for a label when it is the label with or without white space around it (" 3" for "3"),
and the probabilities of all such tokens are added up: servers decode a token's space differently, and to a
reader the answer is the same. Letters count as written ("yes" is not "Yes"). A label that is not among the
tokens returned gets the least log-probability that was: an upper bound, listed in `bounded` and left out
of the mass. An answer of another shape raises KeyError, IndexError, TypeError, ValueError or AttributeError.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from judges.engines.base import ItemFault, LabelLogprobs, Reply
from judges.engines.http_client import Answered


class Usage(NamedTuple):
    tokens_in: int
    tokens_out: int
    tokens_cached: int


def read_usage(body: Mapping[str, Any]) -> Usage:
    usage = body.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        int(usage.get("prompt_tokens") or 0),
        int(usage.get("completion_tokens") or 0),
        int(details.get("cached_tokens") or 0),
    )


def _read_refusal(choice: Mapping[str, Any]) -> ItemFault | None:
    if choice.get("finish_reason") == "content_filter":
        return ItemFault("refused", "the engine's content filter stopped the reply")
    if choice["message"].get("refusal"):
        return ItemFault("refused", "the model refused to answer")
    return None


def read_labels(answered: Answered, labels: Sequence[str]) -> LabelLogprobs | ItemFault:
    """The labels among the first token's likeliest alternatives."""
    choice = answered.body["choices"][0]
    if refusal := _read_refusal(choice):
        return refusal
    content = (choice.get("logprobs") or {}).get("content")
    if not content:
        if not choice["message"].get("content"):
            return ItemFault("empty", "the model wrote nothing")
        return ItemFault("error", "the engine returned no log-probabilities")
    top = [(str(entry["token"]), float(entry["logprob"])) for entry in content[0]["top_logprobs"]]
    least = min(value for _, value in top)
    found = {label: _merge(value for token, value in top if _same_label(token, label)) for label in labels}
    exact = {label: value for label, value in found.items() if value is not None}
    return LabelLogprobs(
        logprobs={label: exact.get(label, least) for label in labels},
        bounded=frozenset(set(labels) - set(exact)),
        mass=min(1.0, sum(math.exp(value) for value in exact.values())),
        latency_ms=answered.latency_ms,
        **read_usage(answered.body)._asdict(),
    )


def _same_label(token: str, label: str) -> bool:
    # Some servers show SentencePiece's mark ▁ for a space.
    return token == label or token.replace("▁", " ").strip() == label


def _merge(values: Iterable[float]) -> float | None:
    """log Σ exp of the values, None where there are none."""
    listed = list(values)
    if not listed:
        return None
    highest = max(listed)
    return highest + math.log(sum(math.exp(value - highest) for value in listed))


def read_reply(answered: Answered) -> Reply | ItemFault:
    """The text that was written."""
    choice = answered.body["choices"][0]
    if refusal := _read_refusal(choice):
        return refusal
    text = choice["message"].get("content") or ""
    if not text.strip():
        return ItemFault("empty", "the model wrote nothing")
    return Reply(
        text=text,
        finish_reason=str(choice.get("finish_reason") or ""),
        latency_ms=answered.latency_ms,
        **read_usage(answered.body)._asdict(),
    )
