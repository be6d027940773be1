"""The openai engine: any server that speaks OpenAI's chat completions, asked over HTTP.

Labels are read from the most likely first tokens; `openai_replies` says how, and what a bound is.

Settings (all optional): `concurrency` (requests at once, 16), `timeout_s` (one request, 120), `tries` (5),
`patience_s` (without any success, 60), `top_logprobs` (20), `max_tokens_field` ("max_tokens"; newer
OpenAI models want "max_completion_tokens"), `context_tokens` (what fits into the model; unknown otherwise),
`extra_body` (sent with each request, such as `{"chat_template_kwargs": {"enable_thinking": false}}`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from judges.engines.base import (
    Check,
    ContinuationLogprob,
    EngineUnavailable,
    EngineUnsuited,
    ItemFault,
    LabelLogprobs,
    Prefix,
    Prompt,
    Reply,
)
from judges.engines.http_client import Answered, Failure, HttpClient, Patience
from judges.engines.http_loop import LoopThread, map_bounded
from judges.engines.openai_replies import read_labels, read_reply
from judges.engines.probing import check_distinct_scores, probe_prompts

COMPLETIONS = "/chat/completions"
DEFAULTS: Mapping[str, Any] = {
    "concurrency": 16,
    "timeout_s": 120.0,
    "tries": 5,
    "patience_s": 60.0,
    "top_logprobs": 20,
    "max_tokens_field": "max_tokens",
    "context_tokens": None,
    "extra_body": {},
}
Read = TypeVar("Read")


class OpenAIEngine:
    """Asks one model of one server; see the module for its settings."""

    def __init__(self, url: str, model: str, api_key: str, settings: Mapping[str, Any]) -> None:
        self.model = model
        self.settings = settings
        self.context_tokens: int | None = settings["context_tokens"]
        self._client = HttpClient(
            url,
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            patience=Patience(settings["timeout_s"], settings["tries"], settings["patience_s"]),
            n_connections=settings["concurrency"],
        )
        self._loop = LoopThread("openai-engine")

    @classmethod
    def from_settings(cls, url: str, model: str, api_key: str, settings: Mapping[str, Any]) -> Self:
        """An engine for this address (up to and with /v1); nothing is sent yet.

        Raises EngineUnsuited for an address that is not http(s), an empty model or an unknown setting.
        """
        if unknown := set(settings) - set(DEFAULTS):
            raise EngineUnsuited(f"The openai engine has no setting {', '.join(sorted(unknown))}.")
        if not url.startswith(("http://", "https://")):
            raise EngineUnsuited("The engine's address begins with http:// or https://.")
        if not model:
            raise EngineUnsuited("The engine needs the name of a model that the server lists.")
        return cls(url, model, api_key, {**DEFAULTS, **settings})

    def count_tokens(self, prompt: Prefix) -> int:
        """A cautious estimate, one token for three bytes of UTF-8: the protocol does not count tokens."""
        texts = [prompt] if isinstance(prompt, str) else [message["content"] for message in prompt]
        return sum(math.ceil(len(text.encode()) / 3) + 8 for text in texts)

    def label_logprobs(
        self, prompts: Sequence[Prompt], labels: Sequence[str]
    ) -> list[LabelLogprobs | ItemFault]:
        """Log-probabilities of the labels among the likeliest first tokens; others as bounds."""
        body = self._body(1) | {"logprobs": True, "top_logprobs": self.settings["top_logprobs"]}
        return self._ask_each(prompts, body, lambda answered: read_labels(answered, labels))

    def continuation_logprobs(
        self, prefixes: Sequence[Prefix], texts: Sequence[str]
    ) -> list[ContinuationLogprob | ItemFault]:
        """Always EngineUnsuited: chat completions never tell how likely a given text is."""
        raise EngineUnsuited(
            "An OpenAI-compatible server does not tell how likely a given text is: "
            "likelihood scoring needs the local engine, or vLLM through the vllm engine."
        )

    def generate(
        self, prompts: Sequence[Prompt], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[Reply | ItemFault]:
        """The reply at temperature 0, held to the schema by `response_format` where one is given."""
        body = self._body(max_tokens)
        if schema is not None:
            named = {"name": "reply", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return self._ask_each(prompts, body, read_reply)

    def probe(self, labels: Sequence[str]) -> list[Check]:
        """Reachable, model served, labels seen as single tokens, log-probabilities exact, scores distinct."""
        reached, served = self._loop.run(self._check_server)
        checks = [reached, served]
        if not reached.passed:
            return checks
        try:
            checks += self._check_labels(labels)
            checks.append(
                check_distinct_scores(
                    self,
                    labels,
                    remedy="Start the server with a 32-bit head, as a 16-bit one rounds scores into ties; "
                    'with vLLM: --hf-overrides \'{"head_dtype":"float32"}\'.',
                )
            )
        except EngineUnavailable as problem:
            checks.append(
                Check("answers", False, problem.reason, "Look at the server's log, then probe again.")
            )
        except EngineUnsuited as problem:
            checks.append(Check("answers", False, str(problem), "Mend the engine's address, model or key."))
        return checks

    def close(self) -> None:
        """Close the connections and end the engine's thread."""
        self._loop.run(self._client.close)
        self._loop.close()

    def _body(self, max_tokens: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "temperature": 0,
            self.settings["max_tokens_field"]: max_tokens,
            **self.settings["extra_body"],
        }

    def _ask_each(
        self,
        prompts: Sequence[Prompt],
        body: Mapping[str, Any],
        read: Callable[[Answered], Read | ItemFault],
    ) -> list[Read | ItemFault]:
        async def ask(prompt: Prompt) -> Read | ItemFault:
            asked = {**body, "messages": prompt}
            answered = await self._client.post(COMPLETIONS, asked, still_answers=self._still_answers)
            if isinstance(answered, ItemFault):
                return answered
            try:
                return read(answered)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError):
                return ItemFault("error", "the engine's answer does not have the shape of a chat completion")

        n_at_once = self.settings["concurrency"]
        return self._loop.run(lambda: map_bounded(ask, prompts, n_at_once=n_at_once))

    async def _still_answers(self) -> bool:
        return await self._client.answers(
            COMPLETIONS, self._body(1) | {"messages": probe_prompts(["yes"])[0]}
        )

    async def _check_server(self) -> tuple[Check, Check]:
        try:
            models = await self._client.get("/models")
        except EngineUnsuited as problem:
            return Check("reachable", False, str(problem), "Mend the engine's address or key."), NOT_ASKED
        if isinstance(models, Failure):
            return (
                Check("reachable", False, models.reason, "Start the server, or mend the address and port."),
                NOT_ASKED,
            )
        reached = Check("reachable", True, "the server answers", "")
        if isinstance(models, ItemFault):
            return reached, Check("model", False, models.reason, "Name a model that the server serves.")
        listed = [str(entry.get("id")) for entry in models.body.get("data") or [] if isinstance(entry, dict)]
        if self.model in listed:
            return reached, Check("model", True, f"{self.model} is served", "")
        shown = ", ".join(listed[:10]) or "none"
        return reached, Check("model", False, f"the server lists {shown}", "Name one of these models.")

    def _check_labels(self, labels: Sequence[str]) -> Iterable[Check]:
        """Ask for each label by name and see whether it comes as one token, within what is returned."""
        asked = [
            [{"role": "user", "content": f"Reply with exactly this and nothing else: {label}"}]
            for label in labels
        ]
        answers = self.label_logprobs(asked, labels)  # type: ignore[arg-type]
        unread = [answer for answer in answers if isinstance(answer, ItemFault)]
        if unread:
            yield Check(
                "exact log-probabilities",
                False,
                unread[0].reason,
                "Use a server that returns log-probabilities (logprobs, top_logprobs) for this model.",
            )
            return
        read = [answer for answer in answers if isinstance(answer, LabelLogprobs)]
        missing = [label for label, answer in zip(labels, read, strict=True) if label in answer.bounded]
        if missing:
            detail = f"not seen as one token, though asked for: {', '.join(missing)}"
            remedy = "Choose labels that are one token each, or turn thinking off in extra_body."
            yield Check("labels are single tokens", False, detail, remedy)
        else:
            yield Check("labels are single tokens", True, "each seen as one token", "")
        yield self._check_bounds(labels)

    def _check_bounds(self, labels: Sequence[str]) -> Check:
        answers = self.label_logprobs(probe_prompts(labels)[:4], labels)
        n_bounded = sum(bool(answer.bounded) for answer in answers if isinstance(answer, LabelLogprobs))
        n_top = self.settings["top_logprobs"]
        if not n_bounded:
            detail = f"exact within the {n_top} likeliest tokens; a bound beyond them"
            return Check("exact log-probabilities", True, detail, "")
        return Check(
            "exact log-probabilities",
            False,
            f"in {n_bounded} of {len(answers)} prompts a label is not among the {n_top} likeliest tokens",
            "Say in the prompt which labels to answer with, or serve the model with vLLM, which is exact.",
        )


NOT_ASKED = Check("model", False, "not asked, as the server does not answer", "")
