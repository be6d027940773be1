"""`yes_no`: the model answers yes or no with one token, or that it cannot judge; the score leans to yes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from judges.engines.base import Engine, LabelLogprobs
from judges.prompting import PromptTemplate, abstain_label
from judges.scoring.asking import ask_labels, label_probs, likeliest_label
from judges.scoring.base import (
    Answer,
    JudgedItem,
    Scale,
    ScoringProblem,
    read_mass_floor,
    read_options,
    read_too_long,
)


class YesNo:
    """score = σ(ℓ_yes − ℓ_no), ℓ being log-probabilities of the prompt's two labels (UniME-V2's reading).

    The grade is the first of the judge's pair of grades from score 0.5 on, the second below. Where the scale
    allows "cannot judge" and the prompt names its label for it (`reply: {abstain: …}`), that label is asked
    for as well: it takes no part in the score, and where it is the likeliest the item is abstained on.
    Options: `pair`, by default the scale's cut and 0 (its lowest grade where it has no 0);
    `mass_floor`, the least share of the probability that the labels together must have: 0.02 lets a small
    model that would rather chat be measured, and refuses a comparison of two accidents.
    """

    name: Final = "yes_no"
    needs: Final = "label_logprobs"
    whole_queries: Final = False
    defaults: Final[Mapping[str, Any]] = {"pair": None, "mass_floor": 0.02, "too_long": "cut"}

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """The prompt's words for yes, no (`reply: {yes: …, no: …}`; else "Yes", "No") and "cannot judge".

        A prompt that names no label for that has not told the model of it, so that it is not asked for.
        """
        both = str(prompt.reply.get("yes", "Yes")), str(prompt.reply.get("no", "No"))
        is_told = scale.may_abstain and "abstain" in prompt.reply
        return (*both, abstain_label(prompt)) if is_told else both

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem where the pair is not two grades of the scale, or two labels are the same."""
        labels = self.labels(prompt, scale)
        if labels[0] == labels[1]:
            raise ScoringProblem(f"the prompt's labels for yes and no are both “{labels[0]}”")
        if labels[-1] in labels[:2] and len(labels) > 2:
            raise ScoringProblem(f"“{labels[-1]}” is yes or no and cannot mean “cannot judge”")
        self._settings(scale, options)
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
        """One answer an item: graded with its score and log-odds, abstained, or why neither."""
        self.check(prompt=prompt, scale=scale, options=options)
        (grade_yes, grade_no), mass_floor = self._settings(scale, options)
        labels = self.labels(prompt, scale)
        yes, no = labels[:2]

        def read(reply: LabelLogprobs) -> Answer:
            log_odds = reply.logprobs[yes] - reply.logprobs[no]
            likeliest = likeliest_label(reply)
            if likeliest not in (yes, no):
                return Answer(
                    "abstained",
                    probs=label_probs(reply),
                    log_odds=log_odds,
                    raw=likeliest,
                    reason="the model chose “cannot judge”",
                )
            score = 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
            leans_yes = score >= 0.5
            return Answer(
                "graded",
                grade=grade_yes if leans_yes else grade_no,
                score=score,
                probs=label_probs(reply),
                log_odds=log_odds,
                raw=yes if leans_yes else no,
            )

        return ask_labels(
            items,
            engine=engine,
            prompt=prompt,
            scale=scale,
            labels=labels,
            read=read,
            mass_floor=mass_floor,
            too_long=read_too_long(options, self.defaults),
        )

    def _settings(self, scale: Scale, options: Mapping[str, Any]) -> tuple[tuple[int, int], float]:
        chosen = read_options(options, self.defaults)
        pair = chosen["pair"] or (scale.cut, 0 if 0 in scale.values else scale.values[0])
        if len(pair) != 2 or any(grade not in scale.values for grade in pair):
            raise ScoringProblem(
                f"pair is two grades of the scale ({', '.join(map(str, scale.values))}), not {pair}"
            )
        return (pair[0], pair[1]), read_mass_floor(chosen["mass_floor"])
