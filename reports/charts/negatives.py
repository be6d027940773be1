"""Where scores lie: positives against pool, and the pool by how far it scores from its positive."""

from typing import Any

from corpus.templatetags.show import figure
from mining.rules import Margin, Rule
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.negatives import Histogram

MEASURED = {
    Margin.DIFFERENCE: "s − s⁺",
    Margin.SHARE: "(s − s⁺) / |s⁺|",
    Margin.FIXED: "s",
}
COLOURS = {"relabelled": "good", "ambiguous": "warn", "negative": "judges"}


def scores_figure(histogram: Histogram, *, judge: str) -> Figure:
    """One histogram for each group, as shares of the group."""
    totals = [sum(row) for row in histogram.counts]
    heads = [f"{name} (n {total:,})" for name, total in zip(histogram.names, totals, strict=True)]
    rows = _rows(histogram)
    data = [
        {
            "group": heads[place],
            "low": low,
            "high": high,
            "n": row[place],
            "share": row[place] / totals[place],
        }
        for low, high, row in rows
        for place in range(len(heads))
        if totals[place]
    ]
    return Figure(
        "scores",
        f"Scores of {judge} on positives and pool",
        f"{sum(totals):,} scores in {len(rows)} bins of equal width{_left_out(histogram)}",
        lambda scheme: _by_group(data, [head for head, total in zip(heads, totals, strict=True) if total]),
        ["Score", *(name.capitalize() for name in histogram.names)],
        [[f"{figure(low)} to {figure(high)}", *row] for low, high, row in rows],
    )


def margins_figure(histogram: Histogram, rule: Rule) -> Figure:
    """The pool by its distance from the positive, coloured by what becomes of it, with the cut as a line."""
    rows = _rows(histogram)
    data = [
        {"state": name, "low": low, "high": high, "n": row[place]}
        for low, high, row in rows
        for place, name in enumerate(histogram.names)
        if row[place]
    ]
    cut = rule.amount if rule.margin is Margin.FIXED else -rule.amount
    total = sum(sum(row) for row in histogram.counts)
    return Figure(
        "margins",
        f"The pool by {MEASURED[rule.margin]}, and the cut at {figure(cut)}",
        f"{total:,} scored candidates in {len(rows)} bins of equal width{_left_out(histogram)}",
        lambda scheme: _with_cut(data, histogram.names, cut, MEASURED[rule.margin], scheme),
        [MEASURED[rule.margin], *(name.capitalize() for name in histogram.names)],
        [[f"{figure(low)} to {figure(high)}", *row] for low, high, row in rows],
    )


def _rows(histogram: Histogram) -> list[tuple[float, float, list[int]]]:
    """Low edge, high edge and the count of each group, by bin."""
    edges = zip(histogram.edges, histogram.edges[1:], strict=False)
    return [
        (low, high, [counts[place] for counts in histogram.counts]) for place, (low, high) in enumerate(edges)
    ]


def _left_out(histogram: Histogram) -> str:
    return f"; {histogram.n_left_out:,} infinite ones left out" if histogram.n_left_out else ""


def _by_group(data: list[dict[str, Any]], order: list[str]) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    beside = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start")
    return (
        alt.Chart(inline(data))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title="Judge's score", axis=alt.Axis(tickCount=8, grid=False)),
            x2="high:Q",
            y=alt.Y("share:Q", title="Share", axis=alt.Axis(format="%", tickCount=2)),
            row=alt.Row("group:N", sort=order, title=None, header=beside, spacing=6),
            tooltip=[
                alt.Tooltip("group:N", title="Group"),
                alt.Tooltip("low:Q", title="From", format=".3~g"),
                alt.Tooltip("high:Q", title="To", format=".3~g"),
                alt.Tooltip("n:Q", title="Candidates", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        .properties(width=420, height=44)
    )


def _with_cut(data: list[dict[str, Any]], names: list[str], cut: float, axis: str, scheme: str) -> Any:
    import altair as alt

    colours = tokens(scheme)
    bars = (
        alt.Chart(inline(data))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title=axis, axis=alt.Axis(tickCount=8, grid=False)),
            x2="high:Q",
            y=alt.Y("n:Q", title="Candidates", stack=True, axis=alt.Axis(tickCount=4)),
            color=alt.Color(
                "state:N",
                title=None,
                scale=alt.Scale(domain=names, range=[colours[COLOURS[name]] for name in names]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("state:N", title="State"),
                alt.Tooltip("low:Q", title="From", format=".3~g"),
                alt.Tooltip("high:Q", title="To", format=".3~g"),
                alt.Tooltip("n:Q", title="Candidates", format=","),
            ],
        )
    )
    line = (
        alt.Chart(inline([{"cut": cut}]))
        .mark_rule(strokeWidth=2, strokeDash=[4, 3], color=colours["ink"])
        .encode(x="cut:Q", tooltip=[alt.Tooltip("cut:Q", title="Cut", format=".3~g")])
    )
    return (bars + line).properties(width=420, height=200)
