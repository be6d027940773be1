"""Who says the same as whom: κ of every two judges, those that agree most beside each other."""

from typing import Any

from reports.charts.confusion import ink_on
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.comparing import Together
from reports.showing import said

CELL, FEWEST, MOST_WRITTEN = 26, 46, 12  # px; px where values are written; so many judges at most


def comparison_figure(of: Together) -> Figure:
    """The matrix as a heatmap in the order of clusters."""
    names = [of.judges[place].called for place in of.order]
    data = [
        {
            "row": of.judges[i].called,
            "column": of.judges[j].called,
            "kappa": max(of.kappas[i][j].value, 0.0),
            "value": of.kappas[i][j].value,
            "words": said(of.kappas[i][j]),
        }
        for i in of.order
        for j in of.order
        if i != j and of.kappas[i][j].value == of.kappas[i][j].value
    ]
    return Figure(
        "together",
        "κ of every two judges",
        f"Cohen's κ over the items both graded, of {of.n_items:,}; judges that agree most stand together",
        lambda scheme: _heatmap(data, names, scheme),
        ["Judge", *names],
        [
            [of.judges[i].called, *("" if i == j else said(of.kappas[i][j]) for j in of.order)]
            for i in of.order
        ],
    )


def _heatmap(data: list[dict[str, Any]], names: list[str], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    paper = tokens(scheme)["paper"]
    axis = alt.Axis(labelLimit=180, ticks=False, domain=False)
    upright = alt.Axis(labelLimit=180, ticks=False, domain=False, labelAngle=-90)
    is_written = len(names) <= MOST_WRITTEN
    base = alt.Chart(inline(data)).encode(
        x=alt.X("column:N", sort=names, title=None, axis=upright, scale=alt.Scale(domain=names)),
        y=alt.Y("row:N", sort=names, title=None, axis=axis, scale=alt.Scale(domain=names)),
        tooltip=[
            alt.Tooltip("row:N", title="Judge"),
            alt.Tooltip("column:N", title="With"),
            alt.Tooltip("words:N", title="κ"),
        ],
    )
    cells = base.mark_rect(stroke=paper, strokeWidth=1, cornerRadius=2).encode(
        color=alt.Color(
            "kappa:Q",
            scale=alt.Scale(domain=[0, 1], range="heatmap"),
            legend=None if is_written else alt.Legend(title="κ", orient="top", gradientLength=160),
        )
    )
    size = FEWEST if is_written else CELL
    if is_written:
        values = base.mark_text().encode(
            text=alt.Text("value:Q", format=".2f"), color=ink_on("kappa", scheme)
        )
        cells = cells + values
    return cells.properties(width=alt.Step(size), height=alt.Step(size))
