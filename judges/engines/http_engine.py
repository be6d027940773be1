"""What the engines that are asked over HTTP share: requests to one or several servers, and first checks.

Settings of all of them (all optional): `concurrency` (requests at once to each server), `timeout_s` (one
request, 120), `tries` (5, and 2 where another server can be asked instead), `patience_s` (without any
success, 60), `context_tokens` (what fits into the model, where the server does not say), `extra_body` (sent
with each request).
"""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from judges.engines.base import (
    Check,
    EngineUnavailable,
    EngineUnsuited,
    ItemFault,
    Message,
    Prefix,
    Prompt,
)
from judges.engines.http_client import Answered, Failure, HttpClient, NoSuchAddress, Patience
from judges.engines.http_loop import LoopThread
from judges.engines.probing import probe_prompts
from judges.engines.replicas import Replicas

SHARED_DEFAULTS: Mapping[str, Any] = {
    "concurrency": 16,
    "timeout_s": 120.0,
    "tries": 5,
    "patience_s": 60.0,
    "context_tokens": None,
    "extra_body": {},
}
TRIES_WITH_OTHERS = 2
Given = TypeVar("Given")
Read = TypeVar("Read")


class HttpEngine(ABC):
    """One model on one or more servers; subclasses say what is posted where and how answers read."""

    kind: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]
    completions: ClassVar[str]
    embeddings: ClassVar[str]
    embedding_extra: ClassVar[Mapping[str, Any]] = {}
    models: ClassVar[str]

    def __init__(self, urls: Sequence[str], model: str, api_key: str, settings: Mapping[str, Any]) -> None:
        self.model = model
        self.settings = settings
        tries = settings["tries"] if len(urls) == 1 else min(settings["tries"], TRIES_WITH_OTHERS)
        self.replicas = Replicas(
            [
                HttpClient(
                    url,
                    headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
                    patience=Patience(settings["timeout_s"], tries, settings["patience_s"]),
                    n_connections=settings["concurrency"],
                )
                for url in urls
            ],
            n_at_once=settings["concurrency"],
        )
        self.loop = LoopThread(f"{self.kind}-engine")

    @classmethod
    def from_settings(cls, url: str, model: str, api_key: str, settings: Mapping[str, Any]) -> Self:
        """An engine for one address or several, with white space between; nothing is sent yet.

        Raises EngineUnsuited for an address that is not http(s), an empty model or an unknown setting.
        """
        if unknown := set(settings) - set(cls.defaults):
            raise EngineUnsuited(f"The {cls.kind} engine has no setting {', '.join(sorted(unknown))}.")
        urls = url.split()
        if not urls or not all(each.startswith(("http://", "https://")) for each in urls):
            raise EngineUnsuited("The engine's address begins with http:// or https://.")
        if not model:
            raise EngineUnsuited("The engine needs the name of a model that the server lists.")
        return cls(list(dict.fromkeys(urls)), model, api_key, {**cls.defaults, **settings})

    @property
    def context_tokens(self) -> int | None:
        """What the settings say; None where they say nothing."""
        stated: int | None = self.settings["context_tokens"]
        return stated

    @property
    def n_at_once(self) -> int:
        """How many requests keep all servers busy."""
        return int(self.settings["concurrency"]) * len(self.replicas.clients)

    def count_tokens(self, prompt: Prefix) -> int:
        """A cautious estimate, one token for three bytes of UTF-8."""
        texts = [prompt] if isinstance(prompt, str) else [message["content"] for message in prompt]
        return sum(math.ceil(len(text.encode()) / 3) + 8 for text in texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, shape (texts, dimensions), as the server gives them.

        Raises EngineUnsuited where the server gives no embeddings, or none for one of the texts.
        """
        body = {"model": self.model, "encoding_format": "float", **self.embedding_extra}
        batches = [list(texts[at : at + 32]) for at in range(0, len(texts), 32)]
        small = {**body, "input": ["a"]}

        async def ask(batch: list[str]) -> list[list[float]]:
            answered = await self.replicas.post(self.embeddings, {**body, "input": batch}, small=small)
            if isinstance(answered, ItemFault):
                raise EngineUnsuited(f"The engine gave no embeddings: {answered.reason}.")
            rows = sorted(answered.body["data"], key=lambda row: row["index"])
            return [row["embedding"] for row in rows]

        found = [row for rows in self.each(ask, batches) for row in rows]
        if len({len(row) for row in found}) > 1:
            raise EngineUnsuited("The engine gave embeddings of different lengths.")
        return np.array(found, dtype=np.float32)

    def close(self) -> None:
        """Abandon what is under way, close the connections and end the engine's thread."""
        self.loop.close(self.replicas.close)

    def each(self, ask: Callable[[Given], Awaitable[Read]], given: Sequence[Given]) -> list[Read]:
        """`ask` of each, all begun at once (the servers' bounds hold), in order; raises what one raises."""

        async def ask_all() -> list[Read]:
            tasks = [asyncio.ensure_future(ask(each)) for each in given]
            try:
                return list(await asyncio.gather(*tasks))
            finally:
                for task in tasks:
                    task.cancel()

        return self.loop.run(ask_all)

    def ask_each(
        self,
        prompts: Sequence[Prompt],
        body: Mapping[str, Any],
        read: Callable[[Answered], Read | ItemFault],
        *,
        bodies: Sequence[Mapping[str, Any]] | None = None,
    ) -> list[Read | ItemFault]:
        """The chat completion of each prompt, read by `read`; `bodies` add what differs between prompts."""
        small = self.small_completion()

        async def ask(place: int) -> Read | ItemFault:
            asked = {**body, **(bodies[place] if bodies else {}), "messages": prompts[place]}
            answered = await self.replicas.post(self.completions, asked, small=small)
            return answered if isinstance(answered, ItemFault) else read_shape(read, answered)

        return self.each(ask, range(len(prompts)))

    @abstractmethod
    def completion_body(self, max_tokens: int) -> dict[str, Any]:
        """The part that all chat completions share."""

    def small_completion(self) -> dict[str, Any]:
        """A chat completion that any server of this kind answers."""
        messages: list[Message] = probe_prompts(["yes"])[0]
        return self.completion_body(1) | {"messages": messages}

    def check_servers(self) -> list[Check]:
        """Whether each server answers and lists the model; the second check is left out where none does."""

        async def get(client: HttpClient) -> Answered | ItemFault | Failure | EngineUnsuited:
            try:
                return await client.get(self.models)
            except NoSuchAddress:
                return ItemFault("error", "the server has no list of models")
            except EngineUnsuited as problem:
                return problem

        found = self.each(get, self.replicas.clients)
        n, away = len(found), [each for each in found if isinstance(each, Failure | EngineUnsuited)]
        where = "the server answers" if n == 1 else f"all {n} servers answer"
        if not away:
            return [Check("reachable", True, where, ""), self._check_model(found)]
        first = away[0]
        said = str(first) if isinstance(first, EngineUnsuited) else first.reason
        remedy = (
            "Mend the engine's address or key."
            if isinstance(first, EngineUnsuited)
            else "Start the server, or mend the address and port."
        )
        detail = said if n == 1 else f"{len(away)} of {n} servers: {said}"
        name = "accepted" if isinstance(first, EngineUnsuited) else "reachable"
        checks = [Check(name, False, detail, remedy)]
        if len(away) < n:
            checks.append(self._check_model([each for each in found if each not in away]))
        return checks

    def describe_model(self, entry: Mapping[str, Any]) -> str:
        """The served model in words, from its entry in the server's list."""
        return f"{self.model} is served"

    def _check_model(self, found: Sequence[Any]) -> Check:
        described = []
        for answered in found:
            if isinstance(answered, ItemFault):
                return Check("model", False, answered.reason, "Name a model that the server serves.")
            entries = [entry for entry in answered.body.get("data") or [] if isinstance(entry, dict)]
            listed = {str(entry.get("id")): entry for entry in entries}
            if self.model not in listed:
                shown = ", ".join(list(listed)[:10]) or "none"
                return Check("model", False, f"the server lists {shown}", "Name one of these models.")
            described.append(self.describe_model(listed[self.model]))
        if len(set(described)) > 1:
            return Check(
                "model",
                False,
                f"the servers differ: {'; '.join(sorted(set(described)))}",
                "Serve the same model, with the same length of context, at every address.",
            )
        return Check("model", True, described[0], "")


def read_shape(read: Callable[[Answered], Read | ItemFault], answered: Answered) -> Read | ItemFault:
    """What `read` makes of the answer; an answer of another shape is the item's fault."""
    try:
        return read(answered)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return ItemFault("error", "the engine's answer does not have the shape of a chat completion")


def answered_checks(look: Callable[[], list[Check]]) -> list[Check]:
    """The checks of `look`, or one that says why the engine could not be asked."""
    try:
        return look()
    except EngineUnavailable as problem:
        return [Check("answers", False, problem.reason, "Look at the server's log, then probe again.")]
    except EngineUnsuited as problem:
        return [Check("accepted", False, str(problem), "Mend the engine's address, model or key.")]
