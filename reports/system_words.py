"""What the orders of systems say, in sentences made by rule."""

from math import isfinite

from reports.showing import said
from reports.systems import JudgeRanking, SystemsReport

CLOSE = 0.9
"""τ from which two label sets are commonly taken to rank alike (Voorhees 2000)."""


def say_systems(report: SystemsReport) -> list[str]:
    """One to three sentences about the judge whose order is nearest to people's."""
    ranked = [judge for judge in report.judges if isfinite(judge.tau.value)]
    if not ranked:
        return ["Too few systems or too little between them to compare orders."]
    best = max(ranked, key=lambda judge: judge.tau.value)
    sentences = [
        f"{_called(best)} puts {len(report.systems):,} systems in an order with τ {said(best.tau)} to that of"
        " people."
    ]
    if best.tau.low >= CLOSE:
        sentences.append(f"That is {CLOSE:g} or more: it may rank systems in people's place.")
    elif best.tau.high < CLOSE:
        sentences.append(f"That is less than {CLOSE:g}, where label sets are said to rank alike.")
    else:
        sentences.append(f"Whether it reaches {CLOSE:g}, where label sets are said to rank alike, is open.")
    pairs = best.pairs
    if pairs.contradict:
        sentences.append(
            f"On {pairs.contradict:,} of {pairs.n_pairs:,} pairs of systems both find a significant"
            " difference and contradict each other."
        )
    return sentences


def _called(judge: JudgeRanking) -> str:
    details = ", ".join(filter(None, [judge.prompt and f"prompt {judge.prompt}", judge.condition]))
    return f"{judge.name} ({details})" if details else judge.name
