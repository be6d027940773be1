"""The charts of one judge beside people: bias by grade, reliability, ROC, queries."""

from collections.abc import Sequence
from typing import Any

from measures.estimates import Estimate
from measures.scored import Calibration
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.details import QueryFigures
from reports.showing import said

WIDTH, HEIGHT = 480, 240


def bias_figure(bias: Sequence[Estimate], *, values: Sequence[int], title: str) -> Figure:
    """Mean signed error by reference grade, with intervals; above the line is lenient."""
    data = [
        {"grade": str(value), "bias": each.value, "low": each.low, "high": each.high}
        for value, each in zip(values, bias, strict=True)
        if each.value == each.value
    ]
    return Figure(
        "bias",
        title,
        "mean of judge minus people, in grade values, with 95 % intervals; above 0 is lenient",
        lambda scheme: _bias(data, scheme),
        ["People's grade", "Bias"],
        [[value, said(each)] for value, each in zip(values, bias, strict=True)],
    )


def reliability_figure(
    raw: Calibration | None, calibrated: Calibration | None, *, n: int, title: str
) -> Figure:
    """Share of relevant items by predicted chance, before and after calibration."""
    data = [
        {"of": name, "predicted": each.mean_predicted, "found": each.share_relevant, "n": each.n}
        for name, of in (("raw score", raw), ("calibrated", calibrated))
        for each in (of.bins if of else [])
    ]
    return Figure(
        "reliability",
        title,
        f"{n:,} scores; on the diagonal, eight of ten items said to be relevant at 0.8 are",
        lambda scheme: _reliability(data, scheme),
        ["Scores", "Predicted", "Relevant", "n"],
        [[row["of"], f"{row['predicted']:.3f}", f"{row['found']:.3f}", row["n"]] for row in data],
    )


def roc_figure(roc: Sequence[tuple[float, float]], *, auc: Estimate, n: int, title: str) -> Figure:
    """The ROC curve."""
    data = [{"false": false, "true": true, "order": i} for i, (false, true) in enumerate(roc)]
    return Figure(
        "roc",
        title,
        f"{n:,} scores; AUC {said(auc)}; the diagonal is chance",
        lambda scheme: _roc(data, scheme),
        ["False-positive rate", "True-positive rate"],
        [[f"{false:.4f}", f"{true:.4f}"] for false, true in roc],
    )


def queries_figure(queries: Sequence[QueryFigures], *, names: dict[int, str], title: str) -> Figure:
    """One tick a query: its bias across, so that the queries where the judge goes astray stand out."""
    data = [
        {"query": names.get(each.query_id, "–"), "bias": each.bias, "accuracy": each.accuracy, "n": each.n}
        for each in queries
    ]
    return Figure(
        "queries",
        title,
        f"one mark a query, {len(data):,} queries; across its bias, up the share of exact grades",
        lambda scheme: _queries(data, scheme),
        ["Query", "Bias", "Exact grades", "n"],
        [[row["query"], f"{row['bias']:+.2f}", f"{row['accuracy']:.2f}", row["n"]] for row in data],
    )


def masses_figure(masses: Sequence[int], *, title: str) -> Figure:
    """How much of the model's probability lay on the labels it was asked for."""
    width = 1 / len(masses)
    data = [{"low": i * width, "high": (i + 1) * width, "n": n} for i, n in enumerate(masses)]
    return Figure(
        "masses",
        title,
        f"{sum(masses):,} verdicts by label mass; far left, the model would rather have said something else",
        lambda scheme: _masses(data, scheme),
        ["Label mass", "Verdicts"],
        [[f"{row['low']:.2f} to {row['high']:.2f}", row["n"]] for row in data],
    )


def _masses(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    return (
        alt.Chart(inline(data))
        .mark_bar(binSpacing=1, color=tokens(scheme)["judges"])
        .encode(
            x=alt.X("low:Q", bin="binned", title="Label mass", axis=alt.Axis(tickCount=5, grid=False)),
            x2="high:Q",
            y=alt.Y("n:Q", title="Verdicts", axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("low:Q", title="From", format=".2f"),
                alt.Tooltip("high:Q", title="To", format=".2f"),
                alt.Tooltip("n:Q", title="Verdicts", format=","),
            ],
        )
        .properties(width=WIDTH, height=140)
    )


def _bias(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    base = alt.Chart(inline(data)).encode(
        x=alt.X("grade:O", title="People's grade", axis=alt.Axis(labelAngle=0, grid=False)),
        tooltip=[
            alt.Tooltip("grade:O", title="People"),
            alt.Tooltip("bias:Q", title="Bias", format="+.2f"),
            alt.Tooltip("low:Q", title="From", format="+.2f"),
            alt.Tooltip("high:Q", title="To", format="+.2f"),
        ],
    )
    zero = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rule(color=colours["line-strong"], aria=False)
        .encode(y=alt.datum(0))
    )
    whisker = base.mark_rule(color=colours["judges"], strokeWidth=2.5).encode(y="low:Q", y2="high:Q")
    dot = base.mark_circle(size=80, color=colours["judges"], opacity=1).encode(
        y=alt.Y("bias:Q", title="Judge − people")
    )
    return (zero + whisker + dot).properties(width=WIDTH, height=HEIGHT)


def _reliability(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    unit = alt.Scale(domain=[0, 1])
    present = {row["of"] for row in data}
    both = {"raw score": colours["ink-soft"], "calibrated": colours["judges"]}
    shown = {name: colour for name, colour in both.items() if name in present}
    points = (
        alt.Chart(inline(data))
        .mark_line(point=alt.OverlayMarkDef(size=60, opacity=1))
        .encode(
            x=alt.X("predicted:Q", title="Predicted chance of relevant", scale=unit),
            y=alt.Y("found:Q", title="Relevant for people", scale=unit),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=list(shown), range=list(shown.values())),
            ),
            strokeDash=alt.StrokeDash(
                "of:N", legend=None, scale=alt.Scale(domain=list(both), range=[[4, 3], [1, 0]])
            ),
            tooltip=[
                alt.Tooltip("of:N", title="Scores"),
                alt.Tooltip("predicted:Q", title="Predicted", format=".2f"),
                alt.Tooltip("found:Q", title="Relevant", format=".2f"),
                alt.Tooltip("n:Q", title="Items", format=","),
            ],
        )
    )
    return (_diagonal(colours) + points).properties(width=WIDTH, height=WIDTH * 0.75)


def _roc(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    unit = alt.Scale(domain=[0, 1])
    curve = (
        alt.Chart(inline(data))
        .mark_line(color=colours["judges"], strokeWidth=2)
        .encode(
            x=alt.X("false:Q", title="Irrelevant items let through", scale=unit),
            y=alt.Y("true:Q", title="Relevant items found", scale=unit),
            order="order:Q",
        )
    )
    return (_diagonal(colours) + curve).properties(width=WIDTH, height=WIDTH * 0.75)


def _queries(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    zero = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rule(color=colours["line-strong"], aria=False)
        .encode(x=alt.datum(0))
    )
    marks = (
        alt.Chart(inline(data))
        .mark_circle(color=colours["judges"], opacity=0.6)
        .encode(
            x=alt.X("bias:Q", title="Judge − people, mean of the query"),
            y=alt.Y("accuracy:Q", title="Exact grades", axis=alt.Axis(format="%")),
            size=alt.Size("n:Q", title="Verdicts", scale=alt.Scale(range=[20, 240])),
            tooltip=[
                alt.Tooltip("query:N", title="Query"),
                alt.Tooltip("bias:Q", title="Bias", format="+.2f"),
                alt.Tooltip("accuracy:Q", title="Exact", format=".0%"),
                alt.Tooltip("n:Q", title="Verdicts", format=","),
            ],
        )
    )
    return (zero + marks).properties(width=WIDTH, height=HEIGHT)


def _diagonal(colours: dict[str, str]) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    ends = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
    return (
        alt.Chart(inline(ends))
        .mark_line(color=colours["line-strong"], strokeDash=[2, 3], aria=False)
        .encode(x="x:Q", y="y:Q")
    )
