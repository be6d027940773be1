"""`likelihood`: how much likelier the candidate makes the query. No grade; a score that ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from judges.engines.base import ContinuationLogprob, Engine, ItemFault, Prefix
from judges.prompting import PromptTemplate, render, render_baseline, render_reply
from judges.scoring.asking import answer_each
from judges.scoring.base import (
    Answer,
    JudgedItem,
    Scale,
    ScoringProblem,
    answer_fault,
    read_options,
    read_too_long,
)
from judges.scoring.fitting import fit_candidate

UNITS = ("total", "per_token")
Reply = ContinuationLogprob | ItemFault


class Likelihood:
    """score = log p(query | candidate) − log p(query): the pointwise mutual information of the two texts.

    The first term is the query as the model's reply to the prompt (unsupervised passage reranking, Sachan
    et al. 2022); the second is the same reply to the prompt's baseline, which shows no candidate, and takes
    away what makes a query likely by itself. Option `unit`: "total" (natural logarithm, summed over
    the query's tokens; the default) or "per_token" (divided by their number).
    """

    name: Final = "likelihood"
    needs: Final = "continuation_logprobs"
    whole_queries: Final = False
    defaults: Final[Mapping[str, Any]] = {"unit": "total", "too_long": "cut"}

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """None: the text whose likelihood is taken is the query's."""
        return ()

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem where the prompt's reply names no text or no baseline, or for an unknown unit."""
        if missing := {"text", "baseline"} - set(prompt.reply):
            raise ScoringProblem(
                f"the prompt's reply needs {' and '.join(sorted(missing))} for likelihood scoring"
            )
        self._unit(options)
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
        """One answer an item: scored, or why not. A baseline is asked for once per distinct query."""
        self.check(prompt=prompt, scale=scale, options=options)
        unit = self._unit(options)

        def ask(asked: Sequence[JudgedItem]) -> list[Answer]:
            texts = [render_reply(prompt, item, scale) for item in asked]
            baselines = [render_baseline(prompt, item, scale) for item in asked]
            fitted = [
                fit_candidate(
                    item,
                    lambda item: render(prompt, item, scale),
                    engine=engine,
                    reserve=engine.count_tokens(text) + 1,
                    too_long=read_too_long(options, self.defaults),
                )
                for item, text in zip(asked, texts, strict=True)
            ]
            questions: dict[str, tuple[Prefix, str]] = {}  # by what is asked, so that nothing is asked twice
            for shown, baseline, text in zip(fitted, baselines, texts, strict=True):
                questions.setdefault(repr((baseline, text)), (baseline, text))
                if not isinstance(shown, ItemFault):
                    questions.setdefault(repr((shown[0], text)), (shown[0], text))
            replies = engine.continuation_logprobs(*zip(*questions.values(), strict=True))
            found = dict(zip(questions, replies, strict=True))
            answers = []
            counted: set[str] = set()
            for shown, baseline, text in zip(fitted, baselines, texts, strict=True):
                if isinstance(shown, ItemFault):
                    answers.append(answer_fault(shown))
                    continue
                keys = repr((shown[0], text)), repr((baseline, text))
                answer = _compare(found[keys[0]], found[keys[1]], unit)
                asked_here = [found[key] for key in keys if key not in counted]
                answers.append(_count_costs(answer, asked_here)._replace(reason=answer.reason or shown[1]))
                counted.update(keys)
            return answers

        # Whatever else may be blank: a text of no tokens has no likelihood.
        asked = [
            item._replace(may_be_blank=bool(render_reply(prompt, item, scale).strip()))
            if item.may_be_blank
            else item
            for item in items
        ]
        return answer_each(asked, ask, prompt=prompt)

    def _unit(self, options: Mapping[str, Any]) -> str:
        unit = read_options(options, self.defaults)["unit"]
        if unit not in UNITS:
            raise ScoringProblem(f"unit is {' or '.join(UNITS)}, not {unit!r}")
        return str(unit)


def _compare(given: Reply, alone: Reply, unit: str) -> Answer:
    if isinstance(given, ItemFault):
        return answer_fault(given)
    if isinstance(alone, ItemFault):
        return answer_fault(alone)
    score = given.logprob - alone.logprob
    return Answer(
        "scored",
        score=score / given.n_tokens if unit == "per_token" else score,
        raw=f"{given.logprob:.4f} with the candidate, {alone.logprob:.4f} without, {given.n_tokens} tokens",
    )


def _count_costs(answer: Answer, replies: Sequence[Reply]) -> Answer:
    """The answer with the costs of what was asked for it; a shared baseline counts for one item only."""
    asked = [reply for reply in replies if isinstance(reply, ContinuationLogprob)]
    return answer._replace(
        tokens_in=sum(reply.tokens_in for reply in asked),
        tokens_cached=sum(reply.tokens_cached for reply in asked),
        latency_ms=max((reply.latency_ms for reply in asked), default=0),
    )
