"""Half the interval of κ by labels, in new queries and in the same ones."""

from typing import Any

from reports.budgeting import Budget
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens

WIDTH, HEIGHT = 560, 260  # px
NAMES = ("in new queries", "in the same queries")


def budget_figure(budget: Budget, *, name: str) -> Figure:
    """Two curves, the target and where we stand."""
    data = [
        {"labels": n, "half": half, "where": where}
        for n, *halves in budget.curve
        for where, half in zip(NAMES, halves, strict=True)
    ]
    return Figure(
        "labels",
        f"How narrow κ of {name} becomes",
        f"half the expected 95 % interval; upright: now, {budget.spread.n:,}; level: ±{budget.target:g}",
        lambda scheme: _curves(data, budget, scheme),
        ["Labels", *NAMES],
        [[n, f"{new:.4f}", f"{same:.4f}"] for n, new, same in budget.curve],
    )


def _curves(data: list[dict[str, Any]], budget: Budget, scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    lines = (
        alt.Chart(inline(data))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "labels:Q",
                title="Labels",
                scale=alt.Scale(type="log", nice=False),
                axis=alt.Axis(format="~s", tickCount=5),
            ),
            y=alt.Y("half:Q", title="± of κ", scale=alt.Scale(zero=True)),
            color=alt.Color(
                "where:N",
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=list(NAMES), range=[colours["people"], colours["ink-soft"]]),
            ),
            strokeDash=alt.StrokeDash(
                "where:N",
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=list(NAMES), range=[[1, 0], [5, 3]]),
            ),
            tooltip=[
                alt.Tooltip("where:N", title="Labels"),
                alt.Tooltip("labels:Q", title="In all", format=","),
                alt.Tooltip("half:Q", title="±", format=".3f"),
            ],
        )
    )
    target = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rule(color=colours["line-strong"], strokeDash=[2, 3], aria=False)
        .encode(y=alt.datum(budget.target))
    )
    now = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rule(color=colours["line-strong"], aria=False)
        .encode(x=alt.datum(budget.spread.n))
    )
    return (target + now + lines).properties(width=WIDTH, height=HEIGHT)
