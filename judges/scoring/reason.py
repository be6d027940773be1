"""`reason`: the model writes why, and states one grade in the form that the prompt declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from judges.engines.base import Engine, ItemFault, Reply
from judges.prompting import PromptTemplate, abstain_label
from judges.scoring.asking import ask_fitted
from judges.scoring.base import (
    Answer,
    JudgedItem,
    Scale,
    ScoringProblem,
    answer_fault,
    read_options,
    read_too_long,
)
from judges.scoring.reading import read_grade, reply_schema

MOST_TOKENS = 32_768


class Reason:
    """grade = what the written reply states, read strictly (see judges.scoring.reading); it has no score.

    A reply in JSON is held to its schema where the engine can do that. Option: `max_tokens`, the longest
    reply (512); one that is cut before its grade is unreadable.
    """

    name: Final = "reason"
    needs: Final = "generate"
    whole_queries: Final = False
    defaults: Final[Mapping[str, Any]] = {"max_tokens": 512, "too_long": "cut"}

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """None: the model writes freely."""
        return ()

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem where the prompt declares no form of reply, or for a wrong option."""
        form, after = prompt.reply.get("format"), str(prompt.reply.get("after") or "").strip(" :")
        if form not in (None, "json") or (form == "json") == bool(after):
            raise ScoringProblem(
                "the prompt's reply needs either “format: json”, or “after” with the words before the grade"
            )
        if abstain_label(prompt) in map(str, scale.values):
            raise ScoringProblem(f"“{abstain_label(prompt)}” is a grade and cannot mean “cannot judge”")
        read_max_tokens(options, self.defaults)
        read_too_long(options, self.defaults)

    def score(
        self,
        items: Sequence[JudgedItem],
        *,
        engine: Engine,
        prompt: PromptTemplate,
        scale: Scale,
        options: Mapping[str, Any],
    ) -> list[Answer]:
        """One answer an item: graded or abstained, or why neither; the reply is kept as it came."""
        self.check(prompt=prompt, scale=scale, options=options)
        max_tokens, abstain = read_max_tokens(options, self.defaults), abstain_label(prompt)
        schema = reply_schema(prompt.reply, scale=scale, abstain=abstain)

        return ask_fitted(
            items,
            engine=engine,
            prompt=prompt,
            scale=scale,
            reserve=max_tokens,
            too_long=read_too_long(options, self.defaults),
            put=lambda prompts: engine.generate(prompts, max_tokens=max_tokens, schema=schema),
            read=partial(_read, prompt=prompt, scale=scale, abstain=abstain),
        )


def read_max_tokens(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> int:
    """The longest reply in tokens, 1 ≤ max_tokens ≤ 32,768."""
    value = read_options(options, defaults)["max_tokens"]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TOKENS:
        raise ScoringProblem(f"max_tokens is a whole number from 1 to {MOST_TOKENS:,}, not {value!r}")
    return value


def _read(
    reply: Reply | ItemFault, note: str, *, prompt: PromptTemplate, scale: Scale, abstain: str
) -> Answer:
    if isinstance(reply, ItemFault):
        return answer_fault(reply)
    read = read_grade(reply.text, reply=prompt.reply, scale=scale, abstain=abstain)
    cut = "the reply was cut at its longest" if reply.finish_reason == "length" else ""
    if cut and read.outcome != "graded":
        read = read._replace(outcome="unreadable")
    return Answer(
        read.outcome,
        grade=read.grade,
        raw=reply.text,
        reason="; ".join(text for text in (read.reason, cut, note) if text),
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        tokens_cached=reply.tokens_cached,
        latency_ms=reply.latency_ms,
    )
