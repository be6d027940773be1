"""Checks that every engine's probe shares: labels, exactness, distinct scores."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from judges.engines.base import Check, Engine, EngineUnsuited, LabelLogprobs, Prompt

SUBJECTS = [
    "apples", "bridges", "candles", "deserts", "engines",
    "feathers", "gardens", "harbours", "islands", "jackets",
    "kettles", "ladders", "mirrors", "needles", "oceans",
    "pencils", "quarries", "rivers", "saddles", "tunnels",
]  # fmt: skip
N_THROUGHPUT = 32
LEAST_DISTINCT = 0.9  # share of distinct scores; a 16-bit head gave 7 of 60, a 32-bit one all


def probe_prompts(labels: Sequence[str]) -> list[Prompt]:
    """Twenty short prompts that differ in one word and ask for one of the labels."""
    choice = " or ".join(labels)
    return [
        [{"role": "user", "content": f"Is a text about {subject} useful? Answer with {choice} only."}]
        for subject in SUBJECTS
    ]


def long_prompts(labels: Sequence[str]) -> list[Prompt]:
    """Thirty-two prompts of about a hundred tokens, each of its own wording from the first word on."""
    choice = " or ".join(labels)
    shown = [f"{one} and {other}" for one in SUBJECTS for other in SUBJECTS if one != other][
        :: len(SUBJECTS) // 2
    ]
    return [
        [
            {
                "role": "user",
                "content": f"{both.capitalize()} stood in the yard. " * 9
                + f"Is this useful? Answer with {choice} only.",
            }
        ]
        for both in shown[:N_THROUGHPUT]
    ]


def check_labels(engine: Engine, labels: Sequence[str]) -> Check:
    """Each label is one token after a prompt of the engine's own chat template."""
    if not labels:
        return Check("labels are single tokens", True, "no labels are asked for", "")
    shown = ", ".join(labels)
    try:
        engine.label_logprobs(probe_prompts(labels)[:1], labels)
    except EngineUnsuited as problem:
        return Check(
            "labels are single tokens", False, str(problem), "Choose labels that are one token each."
        )
    return Check("labels are single tokens", True, f"{shown}: one token each", "")


def check_abstain(engine: Engine, labels: Sequence[str], abstain: str) -> Check:
    """What stands for "cannot judge" is one token too, and none of the other labels."""
    name = "label for “cannot judge”"
    try:
        engine.label_logprobs(probe_prompts(labels)[:1], [*labels, abstain])
    except EngineUnsuited as problem:
        return Check(name, False, str(problem), "Name another letter in the prompt's reply (abstain).")
    return Check(name, True, f"{abstain}: one token", "")


def check_context(context_tokens: int | None) -> Check:
    """How much text fits into one request: beyond it a candidate is cut, with a mark."""
    if context_tokens:
        return Check("context length", True, f"{context_tokens:,} tokens", "")
    detail = "not stated, so nothing is cut; the engine's setting context_tokens can state it"
    return Check("context length", True, detail, "")


def check_throughput(engine: Engine, labels: Sequence[str]) -> Check:
    """How fast thirty-two different prompts are answered; a figure to plan with, no verdict."""
    prompts = long_prompts(labels or ("Yes", "No"))
    began = time.monotonic()
    answers = engine.label_logprobs(prompts, labels or ("Yes", "No"))
    took = max(time.monotonic() - began, 1e-6)
    read = [answer for answer in answers if isinstance(answer, LabelLogprobs)]
    if len(read) < len(answers):
        fault = next(answer for answer in answers if not isinstance(answer, LabelLogprobs))
        return Check("throughput", False, f"a probe prompt was not answered: {fault.reason}", "Probe again.")
    n_tokens = sum(answer.tokens_in for answer in read)
    detail = f"{_round(len(read) / took)} judgements and {_round(n_tokens / took)} prompt tokens a second"
    return Check("throughput", True, f"{detail} ({len(read)} prompts at once)", "")


def _round(value: float) -> str:
    """Three significant digits, thousands separated."""
    digits = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:,.{digits}f}"


def check_full_vocabulary(total: float) -> Check:
    """The probabilities of all tokens add up to one, so that a label's value is exact."""
    if abs(total - 1) < 1e-3:
        return Check("exact log-probabilities", True, "softmax over the full vocabulary", "")
    return Check(
        "exact log-probabilities",
        False,
        f"the probabilities of all tokens add up to {total:.4f}",
        "The weights overflow in this number format: set the engine's dtype to float32.",
    )


def check_distinct_scores(engine: Engine, labels: Sequence[str], *, remedy: str) -> Check:
    """Distinct prompts get distinct scores: ties mean that the head rounds, and margins mean nothing."""
    labels = labels or ("Yes", "No")
    try:
        answers = engine.label_logprobs(probe_prompts(labels), labels)
    except EngineUnsuited as problem:
        return Check("distinct scores", False, f"could not be asked: {problem}", "Mend the labels first.")
    read = [answer for answer in answers if isinstance(answer, LabelLogprobs)]
    if len(read) < len(answers):
        fault = next(answer for answer in answers if not isinstance(answer, LabelLogprobs))
        return Check(
            "distinct scores", False, f"a probe prompt was not answered: {fault.reason}", "Probe again."
        )
    # Differences between labels: a rounded head gives few of them, though what all have in common differs.
    n_distinct = len({tuple(round(value, 4) for value in _margins(answer, labels)) for answer in read})
    detail = f"{n_distinct} different scores for {len(read)} different prompts"
    if n_distinct >= LEAST_DISTINCT * len(read):
        return Check("distinct scores", True, detail, "")
    return Check("distinct scores", False, detail, remedy)


def _margins(answer: LabelLogprobs, labels: Sequence[str]) -> list[float]:
    return [answer.logprobs[label] - answer.logprobs[labels[0]] for label in labels[1:]]
