"""Systems under people's grades and a judge's: one point a system, named."""

from typing import Any

from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.showing import said
from reports.systems import JudgeRanking, SystemsReport

WIDTH, HEIGHT = 600, 420
MOST_NAMED = 25
"""More systems than this and the chart names only the first and last, and those in large inversions."""


def systems_figure(report: SystemsReport, judge: JudgeRanking, *, title: str) -> Figure:
    """The scatter plot of mean scores, people across and the judge up."""
    named = _named(report, judge)
    data = [
        {
            "system": name,
            "people": people.value,
            "low": people.low,
            "high": people.high,
            "judge": mean,
            "name": name if place in named else "",
        }
        for place, (name, people, mean) in enumerate(
            zip(report.systems, report.people, judge.means, strict=True)
        )
    ]
    ordered = sorted(data, key=lambda row: -row["people"])
    return Figure(
        "systems",
        title,
        f"{report.measure}, mean over {report.n_queries:,} queries; {len(data):,} systems, τ"
        f" {said(judge.tau)}",
        lambda scheme: _scatter(data, report.measure, scheme),
        ["System", "People", "Low", "High", "Judge"],
        [
            [row["system"], *(f"{row[key]:.4f}" for key in ("people", "low", "high", "judge"))]
            for row in ordered
        ],
    )


def _named(report: SystemsReport, judge: JudgeRanking) -> set[int]:
    if len(report.systems) <= MOST_NAMED:
        return set(range(len(report.systems)))
    order = sorted(range(len(report.systems)), key=lambda place: -report.people[place].value)
    turned = [place for pair in judge.inversions[:2] for place in (pair.better, pair.worse)]
    return {order[0], order[-1], *turned}


def _scatter(data: list[dict[str, Any]], measure: str, scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    base = alt.Chart(inline(data)).encode(
        x=alt.X("people:Q", title=f"{measure} by people's grades", scale=alt.Scale(zero=False)),
        y=alt.Y("judge:Q", title=f"{measure} by the judge's grades", scale=alt.Scale(zero=False)),
        tooltip=[
            alt.Tooltip("system:N", title="System"),
            alt.Tooltip("people:Q", title="People", format=".4f"),
            alt.Tooltip("judge:Q", title="Judge", format=".4f"),
        ],
    )
    points = base.mark_circle(size=50, color=colours["judges"], opacity=0.7)
    names = base.mark_text(align="left", dx=6, dy=-4, fontSize=13).encode(text="name:N")
    return (points + names).properties(width=WIDTH, height=HEIGHT)
