"""What every engine can be asked, and what it answers: the border between judging and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray


class Message(TypedDict):
    """One turn of a conversation; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


Prompt = list[Message]
Prefix = str | Prompt  # text as it stands, or messages the engine renders with its chat template


class LabelLogprobs(NamedTuple):
    """What the model gives each label as its very next token."""

    logprobs: dict[str, float]  # natural logarithms over the full vocabulary, by label
    bounded: frozenset[str]  # labels whose value is only an upper bound
    mass: float  # Σ p(label) over the labels that are not bounded
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    latency_ms: int  # wall time of the request, or of the batch, that answered this prompt


class ContinuationLogprob(NamedTuple):
    """How likely the model finds a text after a prefix: log p(text | prefix), natural logarithm."""

    logprob: float
    n_tokens: int  # tokens of the text alone
    tokens_in: int
    tokens_cached: int
    latency_ms: int


class Reply(NamedTuple):
    """A text the model wrote; `finish_reason` is "stop" or "length" (cut at `max_tokens`)."""

    text: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    latency_ms: int


class ItemFault(NamedTuple):
    """One prompt got no usable answer; those beside it are not concerned."""

    outcome: Literal["refused", "empty", "error"]
    reason: str


class Check(NamedTuple):
    """One line of a probe: what was looked at, whether it is as it should be, and how to mend it."""

    name: str
    passed: bool
    detail: str
    remedy: str  # empty where the check passed


class EngineUnavailable(Exception):
    """The engine is down, unreachable or out of quota: the same call may succeed later."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after  # seconds the engine asked for; None where it said nothing


class EngineUnsuited(Exception):
    """The engine can never answer this call as asked; the message says what to change."""


class EngineClosed(Exception):
    """The engine was closed while it was being asked: whoever closed it wants no answer any more."""


class Engine(Protocol):
    """A model that can be asked. Lists come back in the order, and with the length, of the prompts.

    Every call may raise EngineUnavailable or EngineUnsuited; one prompt's fault is an ItemFault in its place.
    Several threads may ask at once.
    """

    @property
    def n_at_once(self) -> int:
        """How many prompts under way at once keep the engine busy; 1 where it computes in this process."""
        ...

    @property
    def context_tokens(self) -> int | None:
        """How many tokens fit into one request, or None where the engine does not know."""
        ...

    def count_tokens(self, prompt: Prefix) -> int:
        """How many tokens the prompt takes once rendered; HTTP engines give a cautious estimate."""
        ...

    def label_logprobs(
        self, prompts: Sequence[Prompt], labels: Sequence[str]
    ) -> list[LabelLogprobs | ItemFault]:
        """The log-probability of each label as the next token after each prompt."""
        ...

    def continuation_logprobs(
        self, prefixes: Sequence[Prefix], texts: Sequence[str]
    ) -> list[ContinuationLogprob | ItemFault]:
        """log p(text | prefix) for each pair; both lists have the same length."""
        ...

    def generate(
        self, prompts: Sequence[Prompt], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[Reply | ItemFault]:
        """The most likely reply to each prompt, held to the JSON schema where one is given."""
        ...

    def probe(self, labels: Sequence[str], *, abstain: str = "") -> list[Check]:
        """Look at the engine before it is trusted; never raises for what a check can say in words.

        `labels` are what judges will choose from, `abstain` is what stands for "cannot judge" beside them.
        """
        ...

    def close(self) -> None:
        """Abandon what is under way (EngineClosed for those who wait for it) and let go of everything."""
        ...


class Embedder(Protocol):
    """A model that turns texts into vectors: servers with embeddings, and local engines made for it."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, shape (texts, dimensions). May raise EngineUnavailable or EngineUnsuited."""
        ...

    def close(self) -> None:
        """Abandon what is under way and let go of everything."""
        ...
