"""A judge's κ with its first run, over time, with intervals and the limit that raises an alarm."""

from typing import Any

from corpus.templatetags.show import figure
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.drift import Drift


def drift_figure(drift: Drift, *, title: str) -> Figure:
    """One point a run, from the second on."""
    data = [
        {
            "run": str(row.run),
            "at": row.at.isoformat() if row.at else None,
            "kappa": row.kappa.value,
            "low": row.kappa.low,
            "high": row.kappa.high,
            "n": row.n,
        }
        for row in drift.rows
        if row.kappa.value == row.kappa.value
    ]
    rows = [
        [
            str(row.run),
            f"{row.at:%Y-%m-%d %H:%M} UTC" if row.at else "–",
            f"{row.n:,}",
            f"{figure(row.kappa.value)} [{figure(row.kappa.low)}, {figure(row.kappa.high)}]",
            f"{figure(row.shift.value)} [{figure(row.shift.low)}, {figure(row.shift.high)}]",
        ]
        for row in drift.rows
    ]
    return Figure(
        "drift",
        title,
        f"quadratic κ with {drift.first}, 95 % intervals; alarm under {drift.least_kappa:g}",
        lambda scheme: _points(data, drift.least_kappa, scheme),
        ["Run", "Ended", "n", "κ with the first run", "Mean shift of the score"],
        rows,
    )


def _points(data: list[dict[str, Any]], limit: float, scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    base = alt.Chart(inline(data)).encode(
        x=alt.X("at:T", title="Run ended (UTC)", scale=alt.Scale(type="utc", padding=16)),
    )
    scale = alt.Scale(zero=False, nice=True)
    bars = base.mark_rule(color=colours["judges"]).encode(
        y=alt.Y("low:Q", title="κ with the first run", scale=scale), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=60, color=colours["judges"], opacity=1).encode(
        y=alt.Y("kappa:Q", scale=scale),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("kappa:Q", title="κ", format=".3f"),
            alt.Tooltip("low:Q", title="From", format=".3f"),
            alt.Tooltip("high:Q", title="To", format=".3f"),
            alt.Tooltip("n:Q", title="Items", format=","),
        ],
    )
    rule = alt.Chart(alt.Data(values=[{"limit": limit}])).mark_rule(strokeDash=[4, 4], color=colours["bad"])
    return alt.layer(rule.encode(y=alt.Y("limit:Q", scale=scale)), bars, points).properties(
        width=560, height=220
    )
