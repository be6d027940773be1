"""Judges against each other, in sentences made by rule."""

from math import isfinite

from measures.comparing import Difference
from reports.comparing import EPSILON, Together
from reports.showing import said
from reports.standing import SIGNIFICANT


def say_together(of: Together) -> list[str]:
    """How alike the judges are, and whether it matters which of the good ones is taken."""
    sentences = [f"{len(of.judges)} judges agree among themselves at Fleiss' κ {said(of.fleiss)}."]
    pairs = [
        (of.kappas[i][j].value, i, j)
        for i in range(len(of.judges))
        for j in range(i)
        if isfinite(of.kappas[i][j].value)
    ]
    if len(pairs) > 1:
        value, i, j = max(pairs)
        sentences.append(f"Most alike are {of.judges[j].called} and {of.judges[i].called}, at κ {value:.2f}.")
    return [*sentences, *_say_multiplicity(of)]


def _say_multiplicity(of: Together) -> list[str]:
    many = of.multiplicity
    if not many.good:
        return []
    if not isfinite(many.ambiguity):
        return [
            f"No other judge comes within {EPSILON:g} of the best κ,"
            f" that of {of.judges[many.good[0]].called}."
        ]
    return [
        f"{len(many.good)} judges are within {EPSILON:g} of the best κ, yet on {many.ambiguity:.0%} of"
        f" {many.n:,} items one of them says something else than the best: which is taken matters there."
    ]


def say_differences(judge: str, found: list[Difference]) -> str:
    """How many of the others the judge can be told apart from."""
    apart = [each for each in found if each.p_holm < SIGNIFICANT]
    above = sum(each.difference.value > 0 for each in apart)
    below = len(apart) - above
    rest = len(found) - len(apart)
    parts = [f"above {above}" if above else "", f"below {below}" if below else ""]
    parts.append(f"not told apart from {rest}" if rest else "")
    others = "one other judge" if len(found) == 1 else f"{len(found)} other judges"
    return f"Of {others}, {judge} is {_listed([part for part in parts if part])}."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
