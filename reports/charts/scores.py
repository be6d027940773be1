"""Score distributions: where the judge's scores lie for each reference grade."""

from collections.abc import Sequence
from typing import Any

from corpus.templatetags.show import figure
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.distribution import ScoreDistribution


def scores_figure(distribution: ScoreDistribution, *, values: Sequence[int], title: str) -> Figure:
    """One histogram for each reference grade, as shares of the items with that grade."""
    totals = [sum(row) for row in distribution.counts]
    edges = list(zip(distribution.edges, distribution.edges[1:], strict=False))
    data = [
        {"reference": _heading(value, total), "low": low, "high": high, "n": n, "share": n / total}
        for value, row, total in zip(values, distribution.counts, totals, strict=True)
        for (low, high), n in zip(edges, row, strict=True)
        if total
    ]
    order = [_heading(value, total) for value, total in zip(values, totals, strict=True) if total]
    infinite = f"; {distribution.n_infinite:,} infinite scores left out" if distribution.n_infinite else ""
    return Figure(
        "scores",
        title,
        f"{sum(totals):,} scores on items with a human grade, in {len(edges)} bins of equal width{infinite}",
        lambda scheme: _histograms(data, order),
        ["Score", *(f"People {value}" for value in values)],
        [
            [f"{figure(low)} to {figure(high)}", *(row[i] for row in distribution.counts)]
            for i, (low, high) in enumerate(edges)
        ],
    )


def _heading(value: int, total: int) -> str:
    return f"people {value} (n {total:,})"


def _histograms(data: list[dict[str, Any]], order: list[str]) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    beside = alt.Header(labelAngle=0, labelAlign="left")
    return (
        alt.Chart(inline(data))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title="Judge's score", axis=alt.Axis(tickCount=8, grid=False)),
            x2="high:Q",
            y=alt.Y("share:Q", title="Share", axis=alt.Axis(format="%", tickCount=2)),
            row=alt.Row("reference:N", sort=order, title=None, header=beside),
            tooltip=[
                alt.Tooltip("reference:N", title="Items"),
                alt.Tooltip("low:Q", title="From", format=".3~g"),
                alt.Tooltip("high:Q", title="To", format=".3~g"),
                alt.Tooltip("n:Q", title="Verdicts", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        .properties(width=480, height=72)
    )
