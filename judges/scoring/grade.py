"""`grade`: the model answers with one grade of the rubric, or with the letter for "cannot judge"."""

from __future__ import annotations

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


class Grade:
    """grade = argmax p, score = Σ p·value over the grades (expected relevance; Zhuang et al. 2024).

    p are the grades' probabilities as the next token, made to add up to 1; the letter for "cannot judge",
    asked where the scale allows it, takes no part in the score, and where it is the likeliest label the
    item is abstained on. Between equals the lower grade is taken. Option: `mass_floor`, the least share
    of the probability that all labels together must have (0.02: see yes_no).
    """

    name: Final = "grade"
    needs: Final = "label_logprobs"
    whole_queries: Final = False
    defaults: Final[Mapping[str, Any]] = {"mass_floor": 0.02, "too_long": "cut"}

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """The grades' values as text, and the abstain letter where the scale allows it."""
        grades = tuple(str(value) for value in scale.values)
        return (*grades, abstain_label(prompt)) if scale.may_abstain else grades

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem for an unknown option, or an abstain letter that is also a grade."""
        labels = self.labels(prompt, scale)
        if len(set(labels)) < len(labels):
            raise ScoringProblem(f"two labels are the same: {', '.join(labels)}")
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
        """One answer an item: graded with its expected grade, abstained, or why neither."""
        self.check(prompt=prompt, scale=scale, options=options)
        mass_floor = read_mass_floor(read_options(options, self.defaults)["mass_floor"])
        values = {str(value): value for value in scale.values}

        def read(reply: LabelLogprobs) -> Answer:
            probs = label_probs(reply)
            likeliest = likeliest_label(reply)
            if likeliest not in values:
                return Answer(
                    "abstained", probs=probs, raw=likeliest, reason="the model chose “cannot judge”"
                )
            graded = sum(probs[label] for label in values)
            return Answer(
                "graded",
                grade=values[likeliest],
                score=sum(probs[label] * value for label, value in values.items()) / graded,
                probs=probs,
                raw=likeliest,
            )

        return ask_labels(
            items,
            engine=engine,
            prompt=prompt,
            scale=scale,
            labels=self.labels(prompt, scale),
            read=read,
            mass_floor=mass_floor,
            too_long=read_too_long(options, self.defaults),
        )
