"""`pairwise`: which of two candidates is better, or "cannot judge", asked with each of them in front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from judges.engines.base import Engine, ItemFault, LabelLogprobs, Prompt
from judges.prompting import PromptTemplate, abstain_label, render
from judges.scoring.asking import answer_each, label_probs
from judges.scoring.base import (
    Answer,
    JudgedItem,
    Scale,
    ScoringProblem,
    answer_fault,
    read_mass_floor,
    read_options,
    read_too_long,
)
from judges.scoring.fitting import fit_candidate

FIRST_BETTER, TIE, RIVAL_BETTER = 2, 1, 0


class Pairwise:
    """score = mean over both orders of p(the pair's first candidate is better), p from the two labels.

    Both orders for the first candidate: grade 2; both for its rival: 0; a conflict is a tie, 1, as in
    pairwise ranking prompting (Qin et al. 2024), and where the scale knows no tie the score decides. `probs`
    holds p with the first candidate in front and p with it behind: their difference is the pull of the place.
    The labels are the prompt's words for the one shown first and the one shown second (`reply: {first: …,
    second: …}`), else "A" and "B". Where the scale allows "cannot judge" and the prompt names its label for
    it (`reply: {abstain: …}`), that is asked for as well: the pair is abstained on where its mean probability
    over both orders exceeds either candidate's. Option: `mass_floor`, for each order (see yes_no).
    """

    name: Final = "pairwise"
    needs: Final = "label_logprobs"
    whole_queries: Final = False
    defaults: Final[Mapping[str, Any]] = {"mass_floor": 0.02, "too_long": "cut"}

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """What stands for the candidate shown first, for the one shown second, and for "cannot judge"."""
        both = str(prompt.reply.get("first", "A")), str(prompt.reply.get("second", "B"))
        is_told = scale.may_abstain and "abstain" in prompt.reply
        return (*both, abstain_label(prompt)) if is_told else both

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem for a scale that is no preference, or two labels that are the same."""
        if not scale.compares:
            raise ScoringProblem("the scale is no preference: choose one that compares two candidates")
        labels = self.labels(prompt, scale)
        if labels[0] == labels[1]:
            raise ScoringProblem(f"the prompt's labels for first and second are both “{labels[0]}”")
        if labels[-1] in labels[:2] and len(labels) > 2:
            raise ScoringProblem(f"“{labels[-1]}” is a candidate and cannot mean “cannot judge”")
        read_mass_floor(read_options(options, self.defaults)["mass_floor"])
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
        """One answer a pair: graded with its score, abstained, or why neither."""
        self.check(prompt=prompt, scale=scale, options=options)
        mass_floor = read_mass_floor(read_options(options, self.defaults)["mass_floor"])
        labels = self.labels(prompt, scale)
        too_long = read_too_long(options, self.defaults)

        def ask(asked: Sequence[JudgedItem]) -> list[Answer]:
            fitted = [
                fit_candidate(
                    shown,
                    lambda shown: render(prompt, shown, scale),
                    engine=engine,
                    reserve=1,
                    too_long=too_long,
                )
                for item in asked
                for shown in (item, _swapped(item))
            ]
            prompts: list[Prompt] = [
                each[0] for each in fitted if not isinstance(each, ItemFault) and not isinstance(each[0], str)
            ]
            replies = iter(engine.label_logprobs(prompts, labels) if prompts else [])
            found = [each if isinstance(each, ItemFault) else next(replies) for each in fitted]
            notes = ["" if isinstance(each, ItemFault) else each[1] for each in fitted]
            return [
                _compare(
                    found[at],
                    found[at + 1],
                    labels=labels,
                    scale=scale,
                    mass_floor=mass_floor,
                    note=notes[at],
                )
                for at in range(0, len(found), 2)
            ]

        return answer_each(items, ask, prompt=prompt)


def _swapped(item: JudgedItem) -> JudgedItem:
    return item._replace(
        title=item.rival_title, candidate=item.rival, rival_title=item.title, rival=item.candidate
    )


def _compare(
    ahead: LabelLogprobs | ItemFault,
    behind: LabelLogprobs | ItemFault,
    *,
    labels: tuple[str, ...],
    scale: Scale,
    mass_floor: float,
    note: str,
) -> Answer:
    """The answer from the reply with the first candidate in front and the one with it behind."""
    for reply in (ahead, behind):
        if isinstance(reply, ItemFault):
            return answer_fault(reply)
    assert isinstance(ahead, LabelLogprobs)
    assert isinstance(behind, LabelLogprobs)
    mass = min(ahead.mass, behind.mass)
    costs = Answer(
        "unreadable",
        label_mass=mass,
        tokens_in=ahead.tokens_in + behind.tokens_in,
        tokens_out=ahead.tokens_out + behind.tokens_out,
        tokens_cached=ahead.tokens_cached + behind.tokens_cached,
        latency_ms=max(ahead.latency_ms, behind.latency_ms),
    )
    if mass < mass_floor or any(len(reply.bounded) == len(labels) for reply in (ahead, behind)):
        reason = f"the labels' share of the probability is {mass:.2g}, the floor {mass_floor:.2g}"
        return costs._replace(reason=reason)
    if len(labels) > 2 and _abstains(ahead, behind, labels):
        return costs._replace(outcome="abstained", raw=labels[2], reason="the model chose “cannot judge”")
    p_ahead, p_behind = _p_first(ahead, labels), 1 - _p_first(behind, labels)
    score = (p_ahead + p_behind) / 2
    agree = (p_ahead >= 0.5) == (p_behind >= 0.5)
    grade = FIRST_BETTER if score >= 0.5 else RIVAL_BETTER
    if not agree and TIE in scale.values:
        grade = TIE
    chosen = [labels[0] if p_ahead >= 0.5 else labels[1], labels[1] if p_behind >= 0.5 else labels[0]]
    return costs._replace(
        outcome="graded",
        grade=grade,
        score=score,
        probs={"first, in front": p_ahead, "first, behind": p_behind},
        raw=f"{chosen[0]}, then {chosen[1]}",
        reason="; ".join(text for text in ("" if agree else "the two orders disagree", note) if text),
    )


def _abstains(ahead: LabelLogprobs, behind: LabelLogprobs, labels: tuple[str, ...]) -> bool:
    """Whether "cannot judge" has the largest mean probability of the three answers over both orders.

    A probability of which only a bound is known never wins.
    """
    front, back = label_probs(ahead), label_probs(behind)
    first, second, abstain = labels
    if abstain in ahead.bounded or abstain in behind.bounded:
        return False
    better, worse = front[first] + back[second], front[second] + back[first]
    return front[abstain] + back[abstain] > max(better, worse)


def _p_first(reply: LabelLogprobs, labels: tuple[str, ...]) -> float:
    odds = reply.logprobs[labels[0]] - reply.logprobs[labels[1]]
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
