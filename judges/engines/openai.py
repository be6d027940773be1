"""The openai engine: any server that speaks OpenAI's chat completions, asked over HTTP.

Labels are read from the most likely first tokens; `openai_replies` says how, and what a bound is. Its address
goes up to and with /v1. Settings beside those of `http_engine` (all optional): `top_logprobs` (20),
`max_tokens_field` ("max_tokens"; newer OpenAI models want "max_completion_tokens").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from judges.engines.base import (
    Check,
    ContinuationLogprob,
    EngineUnsuited,
    ItemFault,
    LabelLogprobs,
    Prefix,
    Prompt,
    Reply,
)
from judges.engines.http_engine import SHARED_DEFAULTS, HttpEngine, answered_checks
from judges.engines.openai_replies import read_labels, read_reply
from judges.engines.probing import (
    check_context,
    check_distinct_scores,
    check_throughput,
    probe_prompts,
)


class OpenAIEngine(HttpEngine):
    """Asks one model of one server, or of several that serve the same; see the module for its settings."""

    kind: ClassVar[str] = "openai"
    defaults: ClassVar[Mapping[str, Any]] = {
        **SHARED_DEFAULTS,
        "top_logprobs": 20,
        "max_tokens_field": "max_tokens",
    }
    completions: ClassVar[str] = "/chat/completions"
    embeddings: ClassVar[str] = "/embeddings"
    models: ClassVar[str] = "/models"

    def label_logprobs(
        self, prompts: Sequence[Prompt], labels: Sequence[str]
    ) -> list[LabelLogprobs | ItemFault]:
        """Log-probabilities of the labels among the likeliest first tokens; others as bounds."""
        body = self.completion_body(1) | {"logprobs": True, "top_logprobs": self.settings["top_logprobs"]}
        return self.ask_each(prompts, body, lambda answered: read_labels(answered, labels))

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
        body = self.completion_body(max_tokens)
        if schema is not None:
            named = {"name": "reply", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return self.ask_each(prompts, body, read_reply)

    def probe(self, labels: Sequence[str], *, abstain: str = "") -> list[Check]:
        """Reachable, model served, labels seen as single tokens, log-probabilities exact, scores distinct."""
        checks = self.check_servers()
        if not checks[0].passed:
            return checks

        def look() -> list[Check]:
            return [
                check_context(self.context_tokens),
                *self._check_labels(labels, abstain),
                check_distinct_scores(
                    self,
                    labels,
                    remedy="Start the server with a 32-bit head, as a 16-bit one rounds scores into ties; "
                    'with vLLM: --hf-overrides \'{"head_dtype":"float32"}\'.',
                ),
                check_throughput(self, labels),
            ]

        return checks + answered_checks(look)

    def completion_body(self, max_tokens: int) -> dict[str, Any]:
        """Temperature 0, so many tokens, and what the settings add."""
        return {
            "model": self.model,
            "temperature": 0,
            self.settings["max_tokens_field"]: max_tokens,
            **self.settings["extra_body"],
        }

    def _check_labels(self, labels: Sequence[str], abstain: str) -> Iterator[Check]:
        """Ask for each label by name and see whether it comes as one token, within what is returned."""
        wanted = [*labels, abstain] if abstain else list(labels)
        asked: list[Prompt] = [
            [{"role": "user", "content": f"Reply with exactly this and nothing else: {label}"}]
            for label in wanted
        ]
        answers = self.label_logprobs(asked, wanted)
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
        missing = [label for label, answer in zip(wanted, read, strict=True) if label in answer.bounded]
        if unseen := [label for label in labels if label in missing]:
            detail = f"not seen as one token, though asked for: {', '.join(unseen)}"
            remedy = "Choose labels that are one token each, or turn thinking off in extra_body."
            yield Check("labels are single tokens", False, detail, remedy)
        else:
            yield Check("labels are single tokens", True, "each seen as one token", "")
        if abstain:
            remedy = "" if abstain not in missing else "Name another letter in the prompt's reply."
            seen = "not seen as one token, though asked for" if remedy else "seen as one token"
            yield Check("label for “cannot judge”", not remedy, f"{abstain}: {seen}", remedy)
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
