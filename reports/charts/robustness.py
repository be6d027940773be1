"""Attacks as charts: judge by attack, one judge's forest, and what a larger dose does."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isfinite, nan
from typing import Any

from measures.estimates import Estimate
from reports.charts.confusion import ink_on
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.robustness.attacks import Attack, JudgeRobustness
from reports.robustness.families import FAMILIES, place_of
from reports.robustness.table import AttackTable, Row
from reports.robustness.words import FigureWords, figure_of, floor_of
from reports.showing import said
from reports.words import called

CELL, ROW, WIDTH, HEIGHT = 52, 26, 520, 260  # px

Address = Callable[[JudgeRobustness, Attack], str]


def matrix_figure(table: AttackTable, *, name: str, scale: float, address: Address) -> Figure:
    """One figure of every judge under every attack. `scale` is the figure at which a cell is deepest."""
    names = _short_names([(column.carrier, column.short, column.what) for column in table.columns])
    columns = list(names.values())
    data = [
        {
            "judge": called(row.judge),
            "attack": names[column.short],
            "value": figure_of(cell, table.figure.key).value,
            "depth": min(abs(figure_of(cell, table.figure.key).value) / scale, 1.0),
            "words": said(figure_of(cell, table.figure.key)),
            "n": getattr(cell.figures, table.figure.n),
            "url": address(row.judge, cell),
        }
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell
    ]
    unit = "shares" if table.figure.is_share else "grades"
    return Figure(
        "attacks",
        f"{name} of every judge under every attack",
        f"in {unit}, over {table.n_items:,} verdicts; deeper is further from 0; a cell opens its items",
        lambda scheme: _matrix(data, [called(row.judge) for row in table.rows], columns, scheme),
        ["Judge", "Worst", "Mean", "Clean", *columns],
        [_matrix_row(row, table.figure) for row in table.rows],
    )


def forest_figure(judge: JudgeRobustness, figure: FigureWords, *, name: str) -> Figure:
    """One judge's attacks by family, in every dose, with the figure's floor as a line."""
    attacks = sorted(
        (each for each in judge.doses if isfinite(figure_of(each, figure.key).value)),
        key=lambda each: (place_of(each.family) if each.family else -1, each[:3]),
    )
    names = _short_names([(each.carrier, each.short, each.what) for each in attacks])
    several = {each[:2] for each, other in pairwise(attacks) if each[:2] == other[:2]}
    data = [
        {
            "family": FAMILIES.get(each.family, "Clean"),
            "attack": names[each.short] + (f", {each.words:,}" if each[:2] in several else ""),
            **_bounds(figure_of(each, figure.key)),
            "n": getattr(each.figures, figure.n),
        }
        for each in attacks
    ]
    at, line = _line(judge, figure)
    return Figure(
        "forest",
        f"{name} of {called(judge)}, attack by attack",
        f"with 95 % intervals, families together{', the dose last' if several else ''}{line}",
        lambda scheme: _forest(data, name, at, scheme),
        ["Family", "Attack", name, "n"],
        [[row["family"], row["attack"], row["words"], row["n"]] for row in data],
    )


def dose_figure(judge: JudgeRobustness, figure: FigureWords, *, name: str) -> Figure | None:
    """What more words do, or a larger dose; None where no attack has two doses."""
    by_attack: dict[tuple[str, str], list[Attack]] = {}
    for each in judge.doses:
        if isfinite(figure_of(each, figure.key).value):
            by_attack.setdefault(each[:2], []).append(each)
    names = _short_names([(each.carrier, each.short, each.what) for each in judge.doses])
    data = [
        {
            "attack": names[each.short],
            "dose": each.words,
            **_bounds(figure_of(each, figure.key)),
            "n": getattr(each.figures, figure.n),
        }
        for doses in by_attack.values()
        if len(doses) > 1
        for each in doses
    ]
    if not data:
        return None
    at, line = _line(judge, figure)
    return Figure(
        "dose",
        f"{name} of {called(judge)} by dose",
        f"words of the carrier, or how often the text was put in, with 95 % intervals{line}",
        lambda scheme: _dose(data, name, at, scheme),
        ["Attack", "Dose", name, "n"],
        [[row["attack"], row["dose"], row["words"], row["n"]] for row in data],
    )


def _short_names(attacks: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """What to call attacks, given as (carrier, with it, without): without, where there is but one carrier."""
    has_one = len({carrier for carrier, _, _ in attacks}) == 1
    return {short: what if has_one else short for _, short, what in attacks}


def _line(judge: JudgeRobustness, figure: FigureWords) -> tuple[float, str]:
    """Where the figure lies without an attack, NaN where that is unknown, and what a subtitle says of it."""
    if not figure.floor:
        return 0.0, "; the line is no change"
    floor = floor_of(judge, figure)
    if not isfinite(floor.value):
        return nan, ""
    return floor.value, f"; the line is {figure.floor_words}, {said(floor)}"


def _bounds(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "words": said(estimate),
    }


def _matrix_row(row: Row, figure: FigureWords) -> list[str]:
    worst = f"{said(row.worst_estimate)}, {row.worst.short}" if row.worst else "–"
    cells = [said(figure_of(cell, figure.key)) if cell else "–" for cell in row.cells]
    return [called(row.judge), worst, said(row.mean), said(row.floor), *cells]


def _matrix(data: list[dict[str, Any]], judges: list[str], attacks: list[str], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    axis = alt.Axis(labelLimit=280, ticks=False, domain=False)
    upright = alt.Axis(labelLimit=220, ticks=False, domain=False, labelAngle=-90)
    base = alt.Chart(inline(data)).encode(
        x=alt.X("attack:N", sort=attacks, title=None, axis=upright, scale=alt.Scale(domain=attacks)),
        y=alt.Y("judge:N", sort=judges, title=None, axis=axis, scale=alt.Scale(domain=judges)),
        href=alt.Href("url:N"),
        tooltip=[
            alt.Tooltip("judge:N", title="Judge"),
            alt.Tooltip("attack:N", title="Attack"),
            alt.Tooltip("words:N", title="Figure"),
            alt.Tooltip("n:Q", title="Items", format=","),
        ],
    )
    cells = base.mark_rect(stroke=tokens(scheme)["paper"], strokeWidth=1, cornerRadius=2).encode(
        color=alt.Color("depth:Q", scale=alt.Scale(domain=[0, 1], range="heatmap"), legend=None)
    )
    values = base.mark_text().encode(
        text=alt.Text("value:Q", format=".2f"), color=ink_on("depth", scheme), href=alt.Href("url:N")
    )
    return (cells + values).properties(width=alt.Step(CELL), height=alt.Step(ROW))


def _forest(data: list[dict[str, Any]], axis: str, floor: float, scheme: str) -> Any:
    """Rows of attacks under rows that name their family."""
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    families = list(dict.fromkeys(row["family"] for row in data))
    order = [each for family in families for each in (family, *_attacks_of(data, family))]
    is_family = f"indexof({json.dumps(families)}, datum.value) >= 0"
    labels = alt.Axis(
        labelLimit=230,
        ticks=False,
        domain=False,
        labelFontWeight=alt.condition(is_family, alt.value(600), alt.value(400)),
    )
    base = alt.Chart(inline(data)).encode(
        y=alt.Y("attack:N", sort=order, title=None, axis=labels, scale=alt.Scale(domain=order)),
        tooltip=[
            alt.Tooltip("family:N", title="Family"),
            alt.Tooltip("attack:N", title="Attack"),
            alt.Tooltip("words:N", title=axis),
            alt.Tooltip("n:Q", title="Items", format=","),
        ],
    )
    whisker = base.mark_rule(color=colours["judges"], strokeWidth=2.5, aria=False).encode(
        x="low:Q", x2="high:Q"
    )
    dot = base.mark_circle(size=70, color=colours["judges"], opacity=1).encode(x=alt.X("value:Q", title=axis))
    layers = [*_rule(colours, floor, "x"), whisker, dot]
    return alt.layer(*layers).properties(width=WIDTH, height=alt.Step(ROW))


def _attacks_of(data: list[dict[str, Any]], family: str) -> list[str]:
    return [row["attack"] for row in data if row["family"] == family]


def _dose(data: list[dict[str, Any]], axis: str, floor: float, scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    attacks = list(dict.fromkeys(row["attack"] for row in data))
    scale, legend = alt.Scale(domain=attacks), alt.Legend(orient="bottom", columns=2, labelLimit=240)
    base = alt.Chart(inline(data)).encode(
        x=alt.X(
            "dose:O",
            sort=sorted({row["dose"] for row in data}),
            title="Words of the carrier, or times",
            axis=alt.Axis(labelAngle=0, grid=False),
        ),
        xOffset=alt.XOffset("attack:N", scale=scale),
        color=alt.Color("attack:N", scale=scale, title=None, legend=legend),
        tooltip=[
            alt.Tooltip("attack:N", title="Attack"),
            alt.Tooltip("dose:Q", title="Dose", format=","),
            alt.Tooltip("words:N", title=axis),
            alt.Tooltip("n:Q", title="Items", format=","),
        ],
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=alt.Y("value:Q", title=axis), shape=alt.Shape("attack:N", scale=scale, title=None, legend=legend)
    )
    whiskers = base.mark_rule(strokeWidth=2, aria=False).encode(y="low:Q", y2="high:Q")
    layers = [*_rule(tokens(scheme), floor, "y"), whiskers, points]
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _rule(colours: dict[str, str], at: float, channel: str) -> list[Any]:
    """A dashed line at this value; none where it is NaN."""
    import altair as alt  # half a second: only pages with a chart pay for it

    if not isfinite(at):
        return []
    line = alt.Chart(alt.Data(values=[{}]))
    drawn = line.mark_rule(color=colours["ink-soft"], strokeDash=[4, 3], aria=False)
    return [drawn.encode(**{channel: alt.datum(at)})]
