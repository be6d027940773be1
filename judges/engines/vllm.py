"""The vllm engine: vLLM's own server, asked for exact log-probabilities over its HTTP interface.

Labels are read with `logprob_token_ids`, which gives the full vocabulary's values of up to 128 chosen tokens,
unlike `structured_outputs`, which makes the allowed tokens' values add up to one and so loses the label mass.
Which token a label is, the server's own tokenizer says, at the end of the rendered prompt. A reply in JSON is
held to its schema by `structured_outputs` (the older `guided_…` names are silently ignored by the server).

Its address goes up to and with /v1, as for the openai engine; a LoRA adapter is a model name like any other.
Settings beside those of `http_engine` (all optional): `concurrency` (64 here: the server batches by itself)
and `chat_template_kwargs` (`{"enable_thinking": false}` unless told otherwise).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

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
from judges.engines.http_client import Answered, NoSuchAddress
from judges.engines.http_engine import SHARED_DEFAULTS, HttpEngine, answered_checks, read_shape
from judges.engines.openai_replies import Usage, read_reply, read_usage
from judges.engines.probing import (
    check_abstain,
    check_context,
    check_distinct_scores,
    check_full_vocabulary,
    check_labels,
    check_throughput,
    probe_prompts,
)

ENDING = 64  # characters of a prompt's end that decide how a label after it is tokenised
MOST_LABELS = 128
FP32_HEAD = '--hf-overrides \'{"head_dtype":"float32"}\''


class VllmEngine(HttpEngine):
    """Asks one model, or one adapter, of one or several vLLM servers; see the module for its settings."""

    kind: ClassVar[str] = "vllm"
    defaults: ClassVar[Mapping[str, Any]] = {
        **SHARED_DEFAULTS,
        "concurrency": 64,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    completions: ClassVar[str] = "/v1/chat/completions"
    embeddings: ClassVar[str] = "/v1/embeddings"
    embedding_extra: ClassVar[Mapping[str, Any]] = {"truncate_prompt_tokens": -1}  # long texts are cut
    models: ClassVar[str] = "/v1/models"

    def __init__(self, urls: Sequence[str], model: str, api_key: str, settings: Mapping[str, Any]) -> None:
        # The tokenizer answers beside /v1, so the addresses are kept without it.
        super().__init__([url.rstrip("/").removesuffix("/v1") for url in urls], model, api_key, settings)
        self._resolved: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
        self._resolving = threading.Lock()

    @cached_property
    def context_tokens(self) -> int | None:
        """What the settings state, else the server's max_model_len; asked once."""
        if stated := self.settings["context_tokens"]:
            return int(stated)
        entry = self._served()
        length = entry.get("max_model_len") if entry else None
        return length if isinstance(length, int) else None

    def count_tokens(self, prompt: Prefix) -> int:
        """How many tokens the rendered prompt takes, by the server's tokenizer."""
        return len(self._tokens(prompt))

    def label_logprobs(
        self, prompts: Sequence[Prompt], labels: Sequence[str]
    ) -> list[LabelLogprobs | ItemFault]:
        """Exact log-probability of each label as the next token, out of the full vocabulary."""
        if len(labels) > MOST_LABELS:
            raise EngineUnsuited(f"vLLM tells the values of at most {MOST_LABELS} labels, not {len(labels)}.")
        ids = [self.label_ids(prompt, labels) for prompt in prompts]
        body = self.completion_body(1) | {"logprobs": True, "return_tokens_as_token_ids": True}
        names = {
            f"token_id:{token}": label for each in ids for token, label in zip(each, labels, strict=True)
        }
        return self.ask_each(
            prompts,
            body,
            lambda answered: _read_labels(answered, labels, names),
            bodies=[{"logprob_token_ids": each} for each in ids],
        )

    def continuation_logprobs(
        self, prefixes: Sequence[Prefix], texts: Sequence[str]
    ) -> list[ContinuationLogprob | ItemFault]:
        """log p(text | prefix) from `prompt_logprobs`, for which the server leaves its prefix cache aside.

        Prefix and text are tokenised as one string; a token that spans the border belongs to the text.
        """
        body = {"model": self.model, "max_tokens": 1, "temperature": 0, "prompt_logprobs": 0}
        small = body | {"prompt": "a b"}

        async def ask(pair: tuple[Prefix, str]) -> ContinuationLogprob | ItemFault:
            before = await self._tokenize(pair[0])
            if isinstance(before, ItemFault):
                return before
            together = await self._tokenize(pair[0], pair[1], tokens=before)
            if isinstance(together, ItemFault):
                return together
            n_before = _n_shared(before, together)
            if n_before == 0:
                raise EngineUnsuited(
                    "vLLM tells how likely a text is only after something: give it a prefix."
                )
            if len(together) == n_before:
                return ItemFault("empty", "there is no text whose likelihood could be taken")
            answered = await self.replicas.post("/v1/completions", body | {"prompt": together}, small=small)
            if isinstance(answered, ItemFault):
                return answered
            return read_shape(lambda answered: _read_continuation(answered, together, n_before), answered)

        return self.each(ask, list(zip(prefixes, texts, strict=True)))

    def generate(
        self, prompts: Sequence[Prompt], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[Reply | ItemFault]:
        """The reply at temperature 0, held to the schema by `structured_outputs` where one is given."""
        body = self.completion_body(max_tokens)
        if schema is not None:
            body["structured_outputs"] = {"json": schema}
        return self.ask_each(prompts, body, read_reply)

    def probe(self, labels: Sequence[str], *, abstain: str = "") -> list[Check]:
        """Every check there is; a 16-bit head is found by prompts that differ and scores that don't."""
        checks = self.check_servers()
        if not checks[0].passed:
            return checks

        def look() -> list[Check]:
            found = [check_context(self.context_tokens), check_labels(self, labels)]
            if not found[-1].passed:
                return found
            if abstain:
                found.append(check_abstain(self, labels, abstain))
            remedy = f"Start vLLM with a 32-bit head ({FP32_HEAD}), as “manage.py serve” does."
            return [
                *found,
                self._check_exact(labels),
                check_distinct_scores(self, labels, remedy=remedy),
                check_throughput(self, labels),
            ]

        return checks + answered_checks(look)

    def completion_body(self, max_tokens: int) -> dict[str, Any]:
        """Temperature 0, so many tokens, the chat template's settings, and what the settings add."""
        return {
            "model": self.model,
            "temperature": 0,
            "max_tokens": max_tokens,
            "chat_template_kwargs": self.settings["chat_template_kwargs"],
            **self.settings["extra_body"],
        }

    def describe_model(self, entry: Mapping[str, Any]) -> str:
        """The model, what it was loaded from and, for an adapter, what it stands on."""
        root, parent = entry.get("root"), entry.get("parent")
        origin = str(root).rstrip("/").rsplit("/", 1)[-1] if root and str(root).startswith("/") else root
        length = entry.get("max_model_len")
        parts = [
            f"{self.model} is served with {length:,} tokens of context"
            if length
            else f"{self.model} is served"
        ]
        if origin and origin != self.model:
            parts.append(f"loaded from {origin}")
        if parent:
            parts.append(f"an adapter on {parent}")
        return ", ".join(parts)

    def _served(self) -> Mapping[str, Any] | None:
        answered = self.loop.run(lambda: self.replicas.clients[0].get(self.models))
        if not isinstance(answered, Answered):
            raise EngineUnavailable(f"The engine does not answer: {answered.reason}.")
        entries = answered.body.get("data") or []
        return next((entry for entry in entries if entry.get("id") == self.model), None)

    def _check_exact(self, labels: Sequence[str]) -> Check:
        """The likeliest tokens' values, asked by their ids, add up as the full vocabulary's would.

        The server's own twenty likeliest tokens come with their log-probabilities; asked for by id the
        labels' values must be the same, so that neither a mask nor a temperature stands between.
        """
        prompt = probe_prompts(labels)[0]
        asked = self.label_logprobs([prompt], labels or ("Yes", "No"))[0]
        if isinstance(asked, ItemFault):
            return Check("exact log-probabilities", False, asked.reason, "Probe again.")
        body = self.completion_body(1) | {"logprobs": True, "top_logprobs": 20}
        body["return_tokens_as_token_ids"] = True
        top = self.ask_each([prompt], body, _read_top)[0]
        if isinstance(top, ItemFault):
            return Check("exact log-probabilities", False, top.reason, "Probe again.")
        ids = dict(zip(self.label_ids(prompt, labels or ("Yes", "No")), asked.logprobs.values(), strict=True))
        gaps = [abs(ids[token] - value) for token, value in top.items() if token in ids]
        if sum(map(math.exp, top.values())) > 1.001 or any(gap > 1e-3 for gap in gaps):
            return check_full_vocabulary(sum(map(math.exp, top.values())))
        return Check("exact log-probabilities", True, "chosen tokens, out of the full vocabulary", "")

    def label_ids(self, prompt: Prompt, labels: Sequence[str]) -> list[int]:
        """The token each label is right after this prompt, by the server's tokenizer.

        Raises EngineUnsuited where a label is not one token, or two labels are the same one.
        """
        # What a chat template puts after the last message is the same for all prompts, so that the message's
        # own end is all that can differ between them.
        last = prompt[-1]
        key = (last["role"], last["content"][-ENDING:], tuple(labels))
        with self._resolving:
            if key not in self._resolved:
                self._resolved[key] = self._resolve(prompt, labels)
            return self._resolved[key]

    def _resolve(self, prompt: Prompt, labels: Sequence[str]) -> list[int]:
        before = self._tokens(prompt)

        async def ask(label: str) -> list[int] | ItemFault:
            return await self._tokenize(prompt, label, tokens=before)

        ids = []
        for label, together in zip(labels, self.each(ask, labels), strict=True):
            if isinstance(together, ItemFault):
                raise EngineUnsuited(f"The server's tokenizer does not answer: {together.reason}.")
            if together[: len(before)] != before or len(together) != len(before) + 1:
                raise EngineUnsuited(
                    f"The label “{label}” is not a single token for this model at the end of this prompt: "
                    "choose a shorter label, or another ending."
                )
            ids.append(together[-1])
        if len(set(ids)) < len(ids):
            raise EngineUnsuited(f"Two of the labels {', '.join(labels)} are one token for this model.")
        return ids

    def _tokens(self, prefix: Prefix) -> list[int]:
        found = self.loop.run(lambda: self._tokenize(prefix))
        if isinstance(found, ItemFault):
            raise EngineUnsuited(f"The server's tokenizer does not answer: {found.reason}.")
        return found

    async def _tokenize(
        self, prefix: Prefix, text: str = "", *, tokens: list[int] | None = None
    ) -> list[int] | ItemFault:
        """Token ids of the rendered prefix with `text` after it; `tokens` are the prefix's own, if known."""
        if text and not isinstance(prefix, str):
            # The rendered prompt as text, special tokens and all, with the text right behind it.
            rendered = await self._post_tokenizer("/detokenize", {"tokens": tokens})
            if isinstance(rendered, ItemFault):
                return rendered
            body = {"prompt": rendered["prompt"] + text, "add_special_tokens": False}
        elif isinstance(prefix, str):
            body = {"prompt": prefix + text, "add_special_tokens": True}
        else:
            body = {
                "messages": prefix,
                "add_generation_prompt": True,
                "chat_template_kwargs": self.settings["chat_template_kwargs"],
            }
        answered = await self._post_tokenizer("/tokenize", body)
        return answered if isinstance(answered, ItemFault) else list(answered["tokens"])

    async def _post_tokenizer(self, path: str, body: Mapping[str, Any]) -> Any:
        small = {"prompt": "a"} if path == "/tokenize" else {"tokens": [1]}
        named = {"model": self.model}
        try:
            answered = await self.replicas.post(path, {**named, **body}, small={**named, **small})
        except NoSuchAddress as problem:
            raise EngineUnsuited(
                f"The server has no {path} beside its /v1, so it is no vLLM server or serves no such model:"
                " register it as an openai engine, or mend the address or the model."
            ) from problem
        return answered if isinstance(answered, ItemFault) else answered.body


def _read_labels(answered: Answered, labels: Sequence[str], names: Mapping[str, str]) -> LabelLogprobs:
    entries = answered.body["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    found = {names[entry["token"]]: float(entry["logprob"]) for entry in entries if entry["token"] in names}
    return LabelLogprobs(
        logprobs={label: found[label] for label in labels},
        bounded=frozenset(),
        mass=min(1.0, sum(math.exp(value) for value in found.values())),
        latency_ms=answered.latency_ms,
        **read_usage(answered.body)._asdict(),
    )


def _read_top(answered: Answered) -> dict[int, float]:
    entries = answered.body["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    return {int(entry["token"].removeprefix("token_id:")): float(entry["logprob"]) for entry in entries}


def _read_continuation(answered: Answered, tokens: Sequence[int], n_before: int) -> ContinuationLogprob:
    choice = answered.body["choices"][0]
    values = [
        float(choice["prompt_logprobs"][place][str(tokens[place])]["logprob"])
        for place in range(n_before, len(tokens))
    ]
    usage: Usage = read_usage(answered.body)
    return ContinuationLogprob(
        logprob=sum(values),
        n_tokens=len(values),
        tokens_in=usage.tokens_in,
        tokens_cached=usage.tokens_cached,
        latency_ms=answered.latency_ms,
    )


def _n_shared(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens both begin with."""
    for place, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return place
    return min(len(left), len(right))
