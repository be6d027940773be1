"""How a conclusion is drawn: a colour and a shape of its own, so that neither says it alone."""

from typing import Any

from measures.contrasts import Conclusion
from reports.charts.tokens import tokens

COLOURS = {
    Conclusion.COLLAPSED: "bad",
    Conclusion.DEGRADED: "warn",
    Conclusion.IMPROVED: "accent",
    Conclusion.IMMUNE: "good",
    Conclusion.INCONCLUSIVE: "ink-soft",
}
SHAPES = {
    Conclusion.COLLAPSED: "triangle-down",
    Conclusion.DEGRADED: "diamond",
    Conclusion.IMPROVED: "triangle-up",
    Conclusion.IMMUNE: "circle",
    Conclusion.INCONCLUSIVE: "square",
}


def conclusion_colour(present: set[str], scheme: str) -> Any:
    """The colour of the field `conclusion`, with a legend of those present."""
    import altair as alt  # half a second: only pages with a chart pay for it

    colours, shown = tokens(scheme), [each for each in Conclusion if each in present]
    return alt.Color(
        "conclusion:N",
        title=None,
        legend=alt.Legend(orient="top", symbolStrokeWidth=0, columns=1),
        scale=alt.Scale(
            domain=[str(each) for each in shown], range=[colours[COLOURS[each]] for each in shown]
        ),
    )


def conclusion_shape(present: set[str]) -> Any:
    """The shape of the field `conclusion`, in the same legend."""
    import altair as alt  # half a second: only pages with a chart pay for it

    shown = [each for each in Conclusion if each in present]
    return alt.Shape(
        "conclusion:N",
        title=None,
        legend=alt.Legend(orient="top", symbolStrokeWidth=0, columns=1),
        scale=alt.Scale(domain=[str(each) for each in shown], range=[SHAPES[each] for each in shown]),
    )
