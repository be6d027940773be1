"""`jury`: one grade out of several judges' grades of the same item, by a stated rule. It asks no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from judges.scoring.base import Answer, ScoringProblem, read_options
from measures.dawid_skene import dawid_skene

RULES = ("majority", "mean", "weighted", "dawid_skene")
DEFAULTS: Final[Mapping[str, Any]] = {"rule": "majority"}
NO_GRADE = -1
Positions = NDArray[np.int64]
Floats = NDArray[np.float64]


def read_rule(options: Mapping[str, Any]) -> str:
    """One of RULES; ScoringProblem names them."""
    rule = read_options(options, DEFAULTS)["rule"]
    if rule not in RULES:
        raise ScoringProblem(f"a jury's rule is one of {', '.join(RULES)}, not {rule!r}")
    return str(rule)


def decide(
    said: Positions, *, values: Sequence[int], rule: str, weights: Sequence[float] | None = None
) -> list[Answer]:
    """One answer an item from `said` (items, judges): positions of grades, NO_GRADE where a judge has none.

    majority: the grade most judges gave, among equals the one nearest to their mean, then the lower (Verga
    et al. 2024); mean: the grade nearest to the mean, the lower between two; weighted: the grade with the
    largest sum of `weights` (judges,), among equals as majority; dawid_skene: the likeliest grade under Dawid
    and Skene's model, fitted on these items. Score: the mean, the weighted mean, or the expected grade. An
    item that no judge graded, or none with a weight, is abstained on.
    """
    scale = np.asarray(values, dtype=float)
    power = np.ones(said.shape[1]) if rule != "weighted" else np.asarray(weights, dtype=float)
    votes = _votes(said, power, n_grades=len(values))
    total = votes.sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    shares = _posteriors(said, n_grades=len(values)) if rule == "dawid_skene" else votes / safe[:, None]
    scores = shares @ scale
    gaps = np.abs(scale[None, :] - scores[:, None])
    if rule == "mean":
        chosen = gaps.argmin(axis=1)
    else:
        most = shares >= shares.max(axis=1, keepdims=True) - 1e-12
        chosen = np.where(most, gaps, np.inf).argmin(axis=1)
    n_said = (said != NO_GRADE).sum(axis=1)
    answers = []
    for place in range(len(said)):
        if not total[place] > 0:
            answers.append(
                Answer("abstained", reason="no member of the jury with a say has a grade for this item")
            )
            continue
        left_out = said.shape[1] - int(n_said[place])
        answers.append(
            Answer(
                "graded",
                grade=int(values[chosen[place]]),
                score=float(scores[place]),
                probs={str(value): float(p) for value, p in zip(values, shares[place], strict=True)},
                raw=", ".join("–" if each == NO_GRADE else str(values[each]) for each in said[place]),
                reason=f"{left_out} of {said.shape[1]} members have no grade" if left_out else "",
            )
        )
    return answers


def _votes(said: Positions, power: Floats, *, n_grades: int) -> Floats:
    """Weight behind each grade, shape (items, grades)."""
    votes = np.zeros((len(said), n_grades))
    for judge in range(said.shape[1]):
        rows = np.flatnonzero(said[:, judge] != NO_GRADE)
        votes[rows, said[rows, judge]] += power[judge]
    return votes


def _posteriors(said: Positions, *, n_grades: int) -> Floats:
    items, judges = np.nonzero(said != NO_GRADE)
    fitted = dawid_skene(
        items, judges, said[items, judges], n_items=len(said), n_raters=said.shape[1], n_grades=n_grades
    )
    return fitted.posteriors
