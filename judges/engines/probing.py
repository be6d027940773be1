"""Checks that every engine's probe shares: labels, exactness, distinct scores."""

from __future__ import annotations

from collections.abc import Sequence

from judges.engines.base import Check, Engine, EngineUnsuited, LabelLogprobs, Prompt

SUBJECTS = [
    "apples", "bridges", "candles", "deserts", "engines",
    "feathers", "gardens", "harbours", "islands", "jackets",
    "kettles", "ladders", "mirrors", "needles", "oceans",
    "pencils", "quarries", "rivers", "saddles", "tunnels",
]  # fmt: skip
LEAST_DISTINCT = 0.9  # share of distinct scores; a 16-bit head gave 7 of 60, a 32-bit one all


def probe_prompts(labels: Sequence[str]) -> list[Prompt]:
    """Twenty short prompts that differ in one word and ask for one of the labels."""
    choice = " or ".join(labels)
    return [
        [{"role": "user", "content": f"Is a text about {subject} useful? Answer with {choice} only."}]
        for subject in SUBJECTS
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
    n_distinct = len({tuple(round(answer.logprobs[label], 6) for label in labels) for answer in read})
    detail = f"{n_distinct} different scores for {len(read)} different prompts"
    if n_distinct >= LEAST_DISTINCT * len(read):
        return Check("distinct scores", True, detail, "")
    return Check("distinct scores", False, detail, remedy)
