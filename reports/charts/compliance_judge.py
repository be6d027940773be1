"""The charts of one judge in a compliance experiment: its cells, how it fails, the ladder."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from judges.cells import FACTORIAL, RUNGS
from measures.answers import MODES, Answer
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.compliance.cells import FRAMING_WORDS, SUFFIX_WORDS, cell_words
from reports.compliance.figures import CellFigures, Report
from reports.showing import said
from reports.words import called

WIDTH, HEIGHT, ROW = 520, 260, 30  # px
LEAST_SPAN = 0.2
MODE_WORDS = {
    Answer.CORRECT: "correct",
    Answer.WRONG: "wrong grade",
    Answer.FABRICATED: "fabricated",
    Answer.OVER_ABSTAINED: "over-abstained",
    Answer.UNREADABLE: "unreadable",
}
MODE_COLOURS = {
    Answer.CORRECT: "ramp-2",
    Answer.WRONG: "ramp-6",
    Answer.FABRICATED: "bad",
    Answer.OVER_ABSTAINED: "warn",
    Answer.UNREADABLE: "line-strong",
}


def interaction_figure(report: Report, judge: int) -> Figure | None:
    """Accuracy by framing, with and without the suffix; None with fewer than two framings."""
    cells = [each for cell, each in report.of_judge(judge).items() if cell in FACTORIAL and _known(each)]
    data = [
        {
            "framing": FRAMING_WORDS[each.cell[0]],
            "suffix": SUFFIX_WORDS[each.cell[1]],
            "cell": each.cell,
        }
        | _accuracy(each)
        for each in cells
    ]
    if len({row["framing"] for row in data}) < 2:
        return None
    return Figure(
        "interaction",
        f"Suffix and framing together: {called(report.judges[judge])}",
        f"share of correct answers, 95 % intervals over items, {_answers(cells)}; lines that are not parallel"
        " are an interaction",
        lambda scheme: _interaction(data, scheme),
        ["Cell", "Framing", "Suffix", "Correct", "n"],
        [[row["cell"], row["framing"], row["suffix"], row["words"], f"{row['n']:,}"] for row in data],
    )


def modes_figure(report: Report, judge: int) -> Figure:
    """What became of the answers in each cell, as shares."""
    cells = [each for each in report.of_judge(judge).values() if each.rates.n]
    data = [
        {
            "cell": each.cell,
            "in_words": cell_words(each.cell),
            "mode": MODE_WORDS[mode],
            "order": place,
            "n": n,
            "share": n / each.rates.n,
        }
        for each in cells
        for place, (mode, n) in enumerate(zip(MODES, each.rates.counts, strict=True))
    ]
    names = [MODE_WORDS[mode] for mode in MODES]
    return Figure(
        "modes",
        f"How answers go wrong: {called(report.judges[judge])}",
        f"shares of all answers in each cell; {_answers(cells)}",
        lambda scheme: _modes(data, [each.cell for each in cells], scheme),
        ["Cell", *names, "n"],
        [[each.cell, *(f"{n:,}" for n in each.rates.counts), f"{each.rates.n:,}"] for each in cells],
    )


def ladder_figure(report: Report, judge: int) -> Figure | None:
    """Accuracy and fabrication from the baseline up the ladder of suffixes; None without a rung."""
    found = report.of_judge(judge)
    cells = [found[cell] for cell in ("N0", *RUNGS) if cell in found and _known(found[cell])]
    if not any(each.cell in RUNGS for each in cells):
        return None
    data = []
    for each in cells:
        rung = "none" if each.cell == "N0" else each.cell
        data.append({"rung": rung, "of": "correct", **_accuracy(each)})
        if each.rates.n_abstain:
            made_up = each.rates.fabrication
            data.append({
                "rung": rung, "of": "fabricated, where abstaining is right", "value": made_up.value,
                "low": made_up.low, "high": made_up.high, "words": said(made_up), "n": each.rates.n_abstain,
            })  # fmt: skip
    return Figure(
        "ladder",
        f"The harder the suffix pushes: {called(report.judges[judge])}",
        f"shares with 95 % intervals over items; {_answers(cells)}; G1 pushes least, G5 hardest",
        lambda scheme: _ladder(data, scheme),
        ["Suffix", "Share of", "Value", "n"],
        [[row["rung"], row["of"], row["words"], f"{row['n']:,}"] for row in data],
    )


def _known(each: CellFigures) -> bool:
    return isfinite(each.rates.accuracy.value)


def _accuracy(each: CellFigures) -> dict[str, Any]:
    value, low, high = of = each.rates.accuracy
    return {"value": value, "low": low, "high": high, "words": said(of), "n": each.rates.n_accuracy}


def _answers(cells: Sequence[CellFigures]) -> str:
    """n as one number where all cells have the same."""
    sizes = {each.rates.n for each in cells}
    if not sizes:
        return "no answers"
    return f"n {min(sizes):,} a cell" if len(sizes) == 1 else f"n {min(sizes):,} to {max(sizes):,} a cell"


def _interaction(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    lines = dict(zip(SUFFIX_WORDS.values(), (colours["ink-soft"], colours["judges"]), strict=True))
    legend = alt.Legend(orient="top", symbolType="stroke", symbolSize=200)
    base = alt.Chart(inline(data)).encode(
        x=alt.X(
            "framing:N",
            sort=list(FRAMING_WORDS.values()),
            title="Framing",
            axis=alt.Axis(labelAngle=0, grid=False),
        ),
        xOffset=alt.XOffset("suffix:N", sort=list(lines), scale=alt.Scale(paddingOuter=1)),
        color=alt.Color(
            "suffix:N",
            title=None,
            legend=legend,
            scale=alt.Scale(domain=list(lines), range=list(lines.values())),
        ),
        tooltip=[
            alt.Tooltip("cell:N", title="Cell"),
            alt.Tooltip("words:N", title="Correct"),
            alt.Tooltip("n:Q", title="Answers", format=","),
        ],
    )
    y = alt.Y(
        "value:Q", title="Correct answers", axis=alt.Axis(format="%"), scale=alt.Scale(domain=_domain(data))
    )
    whisker = base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y=y,
        strokeDash=alt.StrokeDash(
            "suffix:N", title=None, legend=legend, scale=alt.Scale(domain=list(lines), range=[[5, 3], [1, 0]])
        ),
    )
    dot = base.mark_circle(size=80, opacity=1).encode(y=y)
    return (line + whisker + dot).properties(width=WIDTH, height=HEIGHT)


def _domain(data: list[dict[str, Any]]) -> list[float]:
    """What the axis covers: all intervals, and never so little that a trifle looks like a cliff."""
    low, high = min(row["low"] for row in data), max(row["high"] for row in data)
    missing = max(0.0, LEAST_SPAN - (high - low))
    low = max(0.0, low - missing / 2)
    high = min(1.0, max(high, low + LEAST_SPAN))
    return [min(low, high - LEAST_SPAN), high]


def _modes(data: list[dict[str, Any]], cells: list[str], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    scale = alt.Scale(
        domain=[MODE_WORDS[mode] for mode in MODES], range=[colours[MODE_COLOURS[mode]] for mode in MODES]
    )
    return (
        alt.Chart(inline(data))
        .mark_bar(stroke=colours["paper"], strokeWidth=1)
        .encode(
            y=alt.Y("cell:N", sort=cells, title=None, axis=alt.Axis(ticks=False, domain=False)),
            x=alt.X(
                "share:Q",
                stack="zero",
                title="Share of answers",
                axis=alt.Axis(format="%", tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            order=alt.Order("order:Q"),
            color=alt.Color("mode:N", title=None, scale=scale, legend=alt.Legend(orient="top", columns=2)),
            tooltip=[
                alt.Tooltip("cell:N", title="Cell"),
                alt.Tooltip("in_words:N", title="That is"),
                alt.Tooltip("mode:N", title="Answers"),
                alt.Tooltip("n:Q", title="n", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        .properties(width=WIDTH, height=alt.Step(ROW))
    )


def _ladder(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    names = list(dict.fromkeys(row["of"] for row in data))
    legend = alt.Legend(orient="top", columns=1, labelLimit=300, symbolType="stroke", symbolSize=200)
    base = alt.Chart(inline(data)).encode(
        x=alt.X("rung:N", sort=["none", *RUNGS], title="Suffix", axis=alt.Axis(labelAngle=0, grid=False)),
        color=alt.Color(
            "of:N",
            title=None,
            legend=legend,
            scale=alt.Scale(domain=names, range=[colours["judges"], colours["bad"]][: len(names)]),
        ),
        tooltip=[
            alt.Tooltip("rung:N", title="Suffix"),
            alt.Tooltip("of:N", title="Share of"),
            alt.Tooltip("words:N", title="Value"),
            alt.Tooltip("n:Q", title="Answers", format=","),
        ],
    )
    y = alt.Y("value:Q", title="Share", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    line = base.mark_line(strokeWidth=2).encode(
        y=y,
        strokeDash=alt.StrokeDash(
            "of:N",
            title=None,
            legend=legend,
            scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]][: len(names)]),
        ),
    )
    whisker = base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q")
    dot = base.mark_circle(size=80, opacity=1).encode(y=y)
    return (line + whisker + dot).properties(width=WIDTH, height=HEIGHT)
