"""What the scorings share: blank items are not asked about, long ones are cut, faults stay their own.

Blank texts of a variant are asked about: what a judge makes of them is what the variant was made for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from judges.engines.base import Engine, ItemFault, LabelLogprobs, Prompt
from judges.prompting import PromptTemplate, places_of, render
from judges.scoring.base import Answer, JudgedItem, Scale, answer_fault
from judges.scoring.fitting import fit_candidate

Reply = TypeVar("Reply")


NEEDED = {
    "query": "query",
    "candidate": "candidate",
    "rival": "other candidate",
    "reference": "reference answer",
    "context": "context",
}
ATTACKED = ("query", "candidate", "rival")  # what a variant may leave blank


def answer_each(
    items: Sequence[JudgedItem],
    ask: Callable[[Sequence[JudgedItem]], Sequence[Answer]],
    *,
    prompt: PromptTemplate,
) -> list[Answer]:
    """Answers in the items' order: "empty" where a needed text is blank, `ask` for all others at once.

    Needed are the query and the candidate, and whatever else the prompt has a place for but a title or need.
    An item that may be blank needs neither query nor candidate.
    """
    answers: dict[int, Answer] = {}
    needed = [name for name in NEEDED if name in ("query", "candidate") or name in places_of(prompt)]
    for place, item in enumerate(items):
        asked_for = [name for name in needed if not (item.may_be_blank and name in ATTACKED)]
        blank = [NEEDED[name] for name in asked_for if not (getattr(item, name) or "").strip()]
        if blank:
            answers[place] = Answer("empty", reason=f"the {' and the '.join(blank)} has no text")
    places = [place for place in range(len(items)) if place not in answers]
    if places:
        answers.update(zip(places, ask([items[place] for place in places]), strict=True))
    return [answers[place] for place in range(len(items))]


def ask_fitted(
    items: Sequence[JudgedItem],
    *,
    engine: Engine,
    prompt: PromptTemplate,
    scale: Scale,
    reserve: int,
    too_long: str,
    put: Callable[[list[Prompt]], Sequence[Reply]],
    read: Callable[[Reply, str], Answer],
) -> list[Answer]:
    """What `put` gets for all rendered items at once, read one by one; the text is what had to be cut.

    `reserve` tokens of the context are kept for the reply; an item that never fits is a fault of its own.
    """

    def ask(asked: Sequence[JudgedItem]) -> list[Answer]:
        answers: list[Answer | None] = []
        prompts: list[Prompt] = []
        notes: list[str] = []
        for item in asked:
            fitted = fit_candidate(
                item,
                lambda item: render(prompt, item, scale),
                engine=engine,
                reserve=reserve,
                too_long=too_long,
            )
            if isinstance(fitted, ItemFault):
                answers.append(answer_fault(fitted))
                continue
            rendered, note = fitted
            assert not isinstance(rendered, str)
            answers.append(None)
            prompts.append(rendered)
            notes.append(note)
        replies = iter(zip(put(prompts) if prompts else [], notes, strict=True))
        return [answer or read(*next(replies)) for answer in answers]

    return answer_each(items, ask, prompt=prompt)


def ask_labels(
    items: Sequence[JudgedItem],
    *,
    engine: Engine,
    prompt: PromptTemplate,
    scale: Scale,
    labels: Sequence[str],
    read: Callable[[LabelLogprobs], Answer],
    mass_floor: float,
    too_long: str,
) -> list[Answer]:
    """One label of `labels` for each item, read by `read` where the labels' mass reaches the floor."""
    return ask_fitted(
        items,
        engine=engine,
        prompt=prompt,
        scale=scale,
        reserve=1,
        too_long=too_long,
        put=lambda prompts: engine.label_logprobs(prompts, labels),
        read=partial(_read_reply, read=read, mass_floor=mass_floor),
    )


def label_probs(reply: LabelLogprobs) -> dict[str, float]:
    """The labels' probabilities, made to add up to 1: p(l) / Σ p, bounds counted at their bound."""
    # Divided first by the largest, so that a very unlikely set of labels does not underflow to 0/0.
    highest = max(reply.logprobs.values())
    weights = {label: math.exp(value - highest) for label, value in reply.logprobs.items()}
    total = sum(weights.values())
    return {label: weight / total for label, weight in weights.items()}


def _read_reply(
    reply: LabelLogprobs | ItemFault, note: str, *, read: Callable[[LabelLogprobs], Answer], mass_floor: float
) -> Answer:
    if isinstance(reply, ItemFault):
        return answer_fault(reply)
    if reply.mass < mass_floor or len(reply.bounded) == len(reply.logprobs):
        answer = Answer(
            "unreadable",
            raw=likeliest_label(reply),
            probs=label_probs(reply),
            reason=f"the labels' share of the probability is {reply.mass:.2g}, the floor {mass_floor:.2g}",
        )
    else:
        answer = read(reply)
    notes = [answer.reason, note, _bound_note(reply)]
    return answer._replace(
        reason="; ".join(text for text in notes if text),
        label_mass=reply.mass,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        tokens_cached=reply.tokens_cached,
        latency_ms=reply.latency_ms,
    )


def likeliest_label(reply: LabelLogprobs) -> str:
    """The likeliest label whose value is no bound, the first of equals; "" where all are bounds."""
    found = {label: value for label, value in reply.logprobs.items() if label not in reply.bounded}
    return max(found, key=found.__getitem__) if found else ""


def _bound_note(reply: LabelLogprobs) -> str:
    if not reply.bounded:
        return ""
    shown = ", ".join(label for label in reply.logprobs if label in reply.bounded)
    return f"not among the likeliest tokens, so only a bound: {shown}"
