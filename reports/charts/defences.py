"""Defences and the pull of the place as charts."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.robustness.defending import Defence
from reports.robustness.position import JudgePosition
from reports.showing import said
from reports.words import called

WIDTH, HEIGHT, ROW = 480, 300, 28  # px


def defence_figure(defences: Sequence[Defence]) -> Figure:
    """What each defence takes from the attacks against what it costs on clean items."""
    data = [
        {
            "name": called(each),
            "gain": each.gain.fall.value,
            "gain_low": each.gain.fall.low,
            "gain_high": each.gain.fall.high,
            "price": each.price.fall.value,
            "price_low": each.price.fall.low,
            "price_high": each.price.fall.high,
        }
        for each in defences
        if isfinite(each.gain.fall.value) and isfinite(each.price.fall.value)
    ]
    return Figure(
        "defences",
        "What defences gain and cost",
        "across: fall of agreement on clean items; up: fall of attack success; up and left is good",
        lambda scheme: _scatter(data, scheme),
        ["Defence", "Attack success without", "with", "Gain", "Agreement without", "with", "Price"],
        [
            [
                called(each),
                *(f"{share:.2f}" for share in (each.gain.plain, each.gain.defended)),
                said(each.gain.fall),
                *(f"{share:.2f}" for share in (each.price.plain, each.price.defended)),
                said(each.price.fall),
            ]
            for each in defences
        ],
    )


def position_figure(positions: Sequence[JudgePosition]) -> Figure:
    """Shares of pairs in which the candidate decided, or the place."""
    kinds = (("consistent", "the candidate"), ("first", "always the first"), ("last", "always the last"))
    data = [
        {
            "judge": called(each),
            "kind": words,
            "order": place,
            "share": getattr(each.bias, name).value,
            "words": said(getattr(each.bias, name)),
        }
        for each in positions
        for place, (name, words) in enumerate(kinds)
    ]
    return Figure(
        "position",
        "What decides when two candidates are compared",
        "share of pairs asked in both orders: the same candidate twice, or the one shown first, or last",
        lambda scheme: _position(data, [words for _, words in kinds], scheme),
        ["Judge", "Pairs", *(words for _, words in kinds)],
        [
            [called(each), each.bias.n, *(said(getattr(each.bias, name)) for name, _ in kinds)]
            for each in positions
        ],
    )


def _scatter(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    base = alt.Chart(inline(data)).encode(
        x=alt.X(
            "price:Q",
            title="Price: fall of agreement on clean items",
            scale=alt.Scale(domain=_around(data, "price")),
        ),
        y=alt.Y(
            "gain:Q", title="Gain: fall of attack success", scale=alt.Scale(domain=_around(data, "gain"))
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Defence"),
            alt.Tooltip("gain:Q", title="Gain", format="+.2f"),
            alt.Tooltip("price:Q", title="Price", format="+.2f"),
        ],
    )
    zero = alt.Chart(alt.Data(values=[{}])).mark_rule(color=colours["line-strong"], aria=False)
    across = base.mark_rule(color=colours["judges"], strokeWidth=1.5, aria=False).encode(
        x="price_low:Q", x2="price_high:Q"
    )
    up = base.mark_rule(color=colours["judges"], strokeWidth=1.5, aria=False).encode(
        y="gain_low:Q", y2="gain_high:Q"
    )
    points = base.mark_circle(size=80, color=colours["judges"], opacity=1)
    names = base.mark_text(align="left", dx=8, dy=-8).encode(text="name:N")
    layers = zero.encode(x=alt.datum(0)) + zero.encode(y=alt.datum(0)) + across + up + points + names
    return layers.properties(width=WIDTH, height=HEIGHT)


def _around(data: list[dict[str, Any]], key: str) -> list[float]:
    """An axis that holds 0 and all values with their intervals, at least a tenth long."""
    ends = [0.0, *(row[name] for row in data for name in (key, f"{key}_low", f"{key}_high"))]
    known = [end for end in ends if isfinite(end)]
    return [min(known) - 0.05, max(known) + 0.05]


def _position(data: list[dict[str, Any]], kinds: list[str], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    shades = [colours["ramp-8"], colours["ramp-5"], colours["ramp-2"]]
    return (
        alt.Chart(inline(data))
        .mark_bar(stroke=colours["paper"], strokeWidth=1)
        .encode(
            x=alt.X("share:Q", title="Share of pairs", stack="zero", axis=alt.Axis(format="%")),
            y=alt.Y("judge:N", title=None, axis=alt.Axis(labelLimit=230, ticks=False, domain=False)),
            color=alt.Color(
                "kind:N",
                title="Chosen",
                scale=alt.Scale(domain=kinds, range=shades),
                legend=alt.Legend(orient="bottom"),
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("judge:N", title="Judge"),
                alt.Tooltip("kind:N", title="Chosen"),
                alt.Tooltip("words:N", title="Share"),
            ],
        )
        .properties(width=WIDTH, height=alt.Step(ROW))
    )
