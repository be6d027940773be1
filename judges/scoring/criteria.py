"""`criteria`: the model writes its reasons and grades several things at once, each on its own scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from judges.engines.base import Engine, ItemFault, Reply
from judges.prompting import PromptTemplate, abstain_label
from judges.scoring.asking import ask_fitted
from judges.scoring.base import (
    Answer,
    Criterion,
    JudgedItem,
    Outcome,
    Scale,
    ScoringProblem,
    answer_fault,
    read_too_long,
)
from judges.scoring.reading import Read, criteria_schema, read_grade
from judges.scoring.reason import read_max_tokens


class Criteria:
    """grade = the first criterion's, marks = the others', all read off one reply; there is no score.

    The prompt's reply is `format: json`, an object with a field for each criterion, held to its schema where
    the engine can do that, or `format: lines`, a line “Name: grade” for each. A reply that leaves one out is
    unreadable as a whole. Option: `max_tokens`, the longest reply (512).
    """

    name: Final = "criteria"
    needs: Final = "generate"
    whole_queries: Final = False
    defaults: Final[Mapping[str, Any]] = {"max_tokens": 512, "too_long": "cut"}

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """None: the model writes freely."""
        return ()

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem for a scale without criteria, or a prompt that declares no form of reply."""
        if not scale.criteria:
            raise ScoringProblem("the scale has no criteria: choose one of several criteria")
        if prompt.reply.get("format") not in ("json", "lines"):
            raise ScoringProblem("the prompt's reply needs “format: json” or “format: lines”")
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
        """One answer an item: graded with its marks, abstained, or why neither; the reply is kept."""
        self.check(prompt=prompt, scale=scale, options=options)
        max_tokens = read_max_tokens(options, self.defaults)
        schema = (
            criteria_schema(scale, abstain=abstain_label(prompt))
            if prompt.reply["format"] == "json"
            else None
        )
        return ask_fitted(
            items,
            engine=engine,
            prompt=prompt,
            scale=scale,
            reserve=max_tokens,
            too_long=read_too_long(options, self.defaults),
            put=lambda prompts: engine.generate(prompts, max_tokens=max_tokens, schema=schema),
            read=partial(_read, prompt=prompt, scale=scale),
        )


def _read(reply: Reply | ItemFault, note: str, *, prompt: PromptTemplate, scale: Scale) -> Answer:
    if isinstance(reply, ItemFault):
        return answer_fault(reply)
    found = list(_read_each(reply.text, prompt, scale))
    missing = [(criterion, read) for criterion, read in found if read.outcome != "graded"]
    answer = Answer("graded")
    if not missing:
        grades = [int(read.grade or 0) for _, read in found]
        answer = Answer("graded", grade=grades[0], marks=tuple(grades[1:]))
    elif all(read.outcome == "abstained" for _, read in found):
        answer = Answer("abstained", reason="the model says that it cannot judge")
    else:
        criterion, read = missing[0]
        outcome: Outcome = "out_of_range" if read.outcome == "out_of_range" else "unreadable"
        answer = Answer(outcome, reason=f"{criterion.name}: {read.reason}")
    cut = "the reply was cut at its longest" if reply.finish_reason == "length" else ""
    return answer._replace(
        raw=reply.text,
        reason="; ".join(text for text in (answer.reason, cut, note) if text),
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        tokens_cached=reply.tokens_cached,
        latency_ms=reply.latency_ms,
    )


def _read_each(text: str, prompt: PromptTemplate, scale: Scale) -> Iterator[tuple[Criterion, Read]]:
    for criterion in scale.criteria:
        form = (
            {"format": "json", "field": criterion.name}
            if prompt.reply["format"] == "json"
            else {"after": f"{criterion.name}:"}
        )
        own = scale._replace(grades=criterion.grades)
        yield criterion, read_grade(text, reply=form, scale=own, abstain=abstain_label(prompt))
