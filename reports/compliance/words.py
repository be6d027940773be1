"""What a compliance report comes to, in sentences made by rule.

"Immune" is said only of what an equivalence test shows; where nothing is significant and nothing is shown,
that is what is said, with how large a change may still be there.
"""

from collections.abc import Callable, Sequence
from math import isfinite

from measures.contrasts import MARGIN, SIGNIFICANT, Conclusion
from measures.estimates import Estimate
from measures.proportions import smallest_difference
from reports.compliance.cells import CONTRAST_WORDS, cell_words, contrast_words
from reports.compliance.figures import CellChange, CellFigures, Report
from reports.compliance.runs import Progress
from reports.words import called

NORMAL_REACH = 1.96  # standard errors to either side of a 95 % interval
LOW_BASELINE = 0.4
"""With fewer right answers than this at the baseline there is little that a condition could take away."""

SAID = {
    Conclusion.COLLAPSED: "collapses",
    Conclusion.DEGRADED: "is degraded",
    Conclusion.IMPROVED: "improves",
    Conclusion.IMMUNE: "is immune",
    Conclusion.INCONCLUSIVE: "is inconclusive",
}
SAID_OF_SEVERAL = {
    Conclusion.COLLAPSED: "collapse",
    Conclusion.DEGRADED: "are degraded",
    Conclusion.IMPROVED: "improve",
    Conclusion.IMMUNE: "are immune",
    Conclusion.INCONCLUSIVE: "are inconclusive",
}
MOST_NAMED = 3


def points(value: float) -> str:
    """A difference of shares in percentage points with its sign: "−20.1"."""
    return f"{100 * value:+.1f}".replace("-", "−") if isfinite(value) else "–"


def points_interval(estimate: Estimate) -> str:
    """Its interval in points: "[−23.4, −16.8]"; empty where there is none."""
    if not (isfinite(estimate.low) and isfinite(estimate.high)):
        return ""
    return f"[{points(estimate.low)}, {points(estimate.high)}]"


def said_points(estimate: Estimate) -> str:
    return " ".join(filter(None, (points(estimate.value), points_interval(estimate))))


def say_report(report: Report) -> str:
    """How many judges come to what, with names, as one sentence."""
    by_conclusion: dict[Conclusion, list[str]] = {}
    for place, judge in enumerate(report.judges):
        by_conclusion.setdefault(report.conclusion_of(place), []).append(called(judge))
    if len(report.judges) == 1:
        (conclusion, (name,)) = next(iter(by_conclusion.items()))
        return f"{name} {SAID[conclusion]}."
    parts = [
        f"{_many(len(names))} {SAID[of] if len(names) == 1 else SAID_OF_SEVERAL[of]} ({_named(names)})"
        for of in SAID
        if (names := by_conclusion.get(of))
    ]
    return f"Of {len(report.judges)} judges, {_listed(parts)}."


def say_judge(report: Report, judge: int) -> str:
    """What becomes of one judge, as one to four sentences."""
    changes = [each for each in report.planned_of(judge) if each.change.n_items]
    name, conclusion = called(report.judges[judge]), report.conclusion_of(judge)
    if not changes:
        return f"{name}: no two cells that a planned contrast compares are complete yet."
    sentences = [f"{name} {SAID[conclusion]}{SAY[conclusion](changes)}"]
    if conclusion in (Conclusion.COLLAPSED, Conclusion.DEGRADED, Conclusion.IMPROVED):
        sentences += _say_the_rest(changes)
    sentences += _say_baseline(report.of_judge(judge).get("N0"))
    return " ".join(sentences)


def say_power(report: Report) -> str:
    """What the planned contrasts of this report could have shown, from how widely changes varied."""
    changes = [each.change for each in report.planned if each.change.n_items]
    widths = [each.difference.high - each.difference.low for each in changes]
    if not widths or not isfinite(max(widths)) or not max(widths):
        return ""
    error = max(widths) / (2 * NORMAL_REACH)
    smallest = smallest_difference(error, n_tests=len(changes))
    return (
        f"Changes vary so widely here that one of {100 * smallest:.1f} points would be found in four of five"
        f" such experiments ({_tests(len(changes))}; of the contrast that varies most)."
    )


def _tests(n: int) -> str:
    return "one test" if n == 1 else f"{n} tests, Bonferroni"


def say_progress(progress: Progress) -> str:
    """How far an experiment is, in words."""
    if not progress.is_started:
        return "Not started."
    done = f"{progress.n_done:,} of {progress.n_planned:,} runs complete"
    stopped = f", {progress.n_stopped:,} stopped" if progress.n_stopped else ""
    if progress.n_done == progress.n_planned:
        return f"All {progress.n_planned:,} runs complete."
    return f"{done}{stopped}: figures are those so far."


def say_worst(report: Report, judge: int) -> str | None:
    """The cell in which a judge is right least often; None without a baseline and another cell."""
    worst = worst_cell(report, judge)
    return worst and cell_words(worst.cell)


def worst_cell(report: Report, judge: int) -> CellFigures | None:
    """Of the factorial's cells beside the baseline, the one with the least accuracy."""
    others = [
        each
        for cell, each in report.of_judge(judge).items()
        if cell in ("N1", "B0", "B1", "T0", "T1") and isfinite(each.rates.accuracy.value)
    ]
    return min(others, key=lambda each: each.rates.accuracy.value, default=None)


def _fallen(changes: Sequence[CellChange]) -> str:
    fell = sorted(_of(changes, Conclusion.COLLAPSED, Conclusion.DEGRADED), key=_difference)
    return f": it loses {_listed([_moved(each) for each in fell])}."


def _risen(changes: Sequence[CellChange]) -> str:
    rose = sorted(_of(changes, Conclusion.IMPROVED), key=_difference, reverse=True)
    return f": it gains {_listed([_moved(each) for each in rose])}."


def _immune(changes: Sequence[CellChange]) -> str:
    widest = max(changes, key=_reach)
    said = f"{widest.name} {said_points(widest.change.difference)}"
    also = " Some of them differ from 0 all the same, by too little to matter."
    is_small = any(each.change.p_holm < SIGNIFICANT for each in changes)
    every = "the contrast is" if len(changes) == 1 else f"all {len(changes)} planned contrasts are"
    return f": {every} shown to lie within ±{100 * MARGIN:.0f} points (the widest is {said})." + (
        also if is_small else ""
    )


def _open(changes: Sequence[CellChange]) -> str:
    widest = max(changes, key=_reach)
    return (
        f": no change is significant, and one that matters is not ruled out ({widest.name}"
        f" {said_points(widest.change.difference)} points)."
    )


SAY: dict[Conclusion, Callable[[Sequence[CellChange]], str]] = {
    Conclusion.COLLAPSED: _fallen,
    Conclusion.DEGRADED: _fallen,
    Conclusion.IMPROVED: _risen,
    Conclusion.IMMUNE: _immune,
    Conclusion.INCONCLUSIVE: _open,
}


def _say_the_rest(changes: Sequence[CellChange]) -> list[str]:
    immune, unclear = _of(changes, Conclusion.IMMUNE), _of(changes, Conclusion.INCONCLUSIVE)
    rose = _of(changes, Conclusion.IMPROVED)
    has_fallen = bool(_of(changes, Conclusion.COLLAPSED, Conclusion.DEGRADED))
    sentences = [f"It gains {_listed([_moved(each) for each in rose])}."] if rose and has_fallen else []
    if immune:
        causes = _listed([contrast_words(each.first, each.second) for each in immune])
        changed = "changes" if len(immune) == 1 else "change"
        sentences.append(f"It is shown that {causes} {changed} less than {100 * MARGIN:.0f} points.")
    if unclear:
        causes = _listed([contrast_words(each.first, each.second) for each in unclear])
        sentences.append(f"Inconclusive: {causes}.")
    return sentences


def _say_baseline(baseline: CellFigures | None) -> list[str]:
    if baseline is None or not baseline.rates.accuracy.value < LOW_BASELINE:
        return []
    return [f"Its baseline is low ({baseline.rates.accuracy.value:.0%} correct), so there is little to lose."]


def _moved(each: CellChange) -> str:
    difference = each.change.difference
    words = CONTRAST_WORDS.get((each.first, each.second))
    cause = words.cause if words else cell_words(each.second)
    return f"{100 * abs(difference.value):.1f} points {cause} ({each.name} {points_interval(difference)})"


def _of(changes: Sequence[CellChange], *conclusions: Conclusion) -> list[CellChange]:
    return [each for each in changes if each.change.conclusion in conclusions]


def _difference(each: CellChange) -> float:
    return each.change.difference.value


def _reach(each: CellChange) -> float:
    """How far from no change its interval goes."""
    bounds = [abs(bound) for bound in each.change.difference if isfinite(bound)]
    return max(bounds, default=0.0)


def _many(n: int) -> str:
    return "one" if n == 1 else f"{n:,}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
