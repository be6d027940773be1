"""κ and bias of one judge in every slice, on an axis that all share."""

from typing import Any

from measures.estimates import Estimate
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.showing import said
from reports.slicing import SliceReport

WIDTH, ROW = 520, 24  # px


def slice_figures(report: SliceReport, *, name: str) -> list[Figure]:
    """One forest of κ, one of bias."""
    return [
        _figure(report, "kappa", f"Agreement of {name} by slice", "Cohen's κ", report.kappa),
        _figure(report, "bias", f"Leniency of {name} by slice", "Judge − people", report.bias),
    ]


def _figure(report: SliceReport, key: str, title: str, axis: str, overall: Estimate) -> Figure:
    data = [
        {
            "slice": f"{of.title.split(',')[0]}: {each.name}",
            "value": getattr(each, key).value,
            "low": getattr(each, key).low,
            "high": getattr(each, key).high,
            "words": said(getattr(each, key)),
            "n": each.n,
        }
        for of in report.dimensions
        for each in of.slices
        if getattr(each, key).value == getattr(each, key).value
    ]
    return Figure(
        key,
        title,
        f"{axis}, with 95 % intervals; the line is all {report.n:,} grades together, {said(overall)}",
        lambda scheme: _forest(data, axis, overall.value, scheme),
        ["Slice", axis, "n"],
        [[row["slice"], row["words"], row["n"]] for row in data],
    )


def _forest(data: list[dict[str, Any]], axis: str, overall: float, scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    order = [row["slice"] for row in data]
    base = alt.Chart(inline(data)).encode(
        y=alt.Y("slice:N", sort=order, title=None, axis=alt.Axis(labelLimit=230, ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("slice:N", title="Slice"),
            alt.Tooltip("words:N", title=axis),
            alt.Tooltip("n:Q", title="Grades", format=","),
        ],
    )
    line = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rule(color=colours["line-strong"], aria=False)
        .encode(x=alt.datum(overall))
    )
    whisker = base.mark_rule(color=colours["judges"], strokeWidth=2.5).encode(x="low:Q", x2="high:Q")
    dot = base.mark_circle(size=70, color=colours["judges"], opacity=1).encode(
        x=alt.X("value:Q", title=axis, scale=alt.Scale(zero=False))
    )
    return (line + whisker + dot).properties(width=WIDTH, height=alt.Step(ROW))
