"""Who agrees with whom: κ of every two raters as a heatmap."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from reports.charts.confusion import ink_on
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.people_figures import PairAgreement
from reports.showing import said, shown

CELL = 64  # px


class PairCell(NamedTuple):
    """One rater (row) with another (column); `pair` is None where they share no item, or are the same."""

    row: str
    column: str
    pair: PairAgreement | None
    step: int | None  # of κ from 0 to 1 on the ramp, 0–10; None without a κ


def pair_matrix(
    pairs: Sequence[PairAgreement], *, names: Mapping[int, str]
) -> list[tuple[str, list[PairCell]]]:
    """A row for each rater who is in any pair, in the order of names, with a cell for each of them."""
    raters = sorted({rater for pair in pairs for rater in pair[:2]}, key=lambda rater: (names[rater], rater))
    by_raters = {(pair.first, pair.second): pair for pair in pairs}
    by_raters |= {(second, first): pair for (first, second), pair in by_raters.items()}
    return [
        (names[one], [_cell(names[one], names[other], by_raters.get((one, other))) for other in raters])
        for one in raters
    ]


def pairwise_figure(matrix: Sequence[tuple[str, list[PairCell]]]) -> Figure:
    """The matrix as a heatmap: colour and first line are κ, the second line the items both graded."""
    cells = [cell for _, row in matrix for cell in row]
    data = [
        {
            "row": cell.row,
            "column": cell.column,
            "kappa": max(cell.pair.kappa.value, 0.0),
            "words": shown(cell.pair.kappa).value,
            "n": cell.pair.n,
            "interval": said(cell.pair.kappa),
        }
        for cell in cells
        if cell.pair and cell.step is not None
    ]
    names = [name for name, _ in matrix]

    def draw(scheme: str) -> Any:
        return _heatmap(data, names, scheme)

    return Figure(
        "pairwise",
        "κ of every two people",
        "Cohen's κ over the items both graded; below it, how many these are",
        draw,
        ["Person", *names],
        [[name, *(_words(cell) for cell in row)] for name, row in matrix],
    )


def _cell(row: str, column: str, pair: PairAgreement | None) -> PairCell:
    has_kappa = pair is not None and isfinite(pair.kappa.value)
    step = round(10 * min(max(pair.kappa.value, 0.0), 1.0)) if pair and has_kappa else None
    return PairCell(row, column, pair, step)


def _words(cell: PairCell) -> str:
    return f"{said(cell.pair.kappa)}, n {cell.pair.n:,}" if cell.pair else ""


def _heatmap(data: list[dict[str, Any]], names: list[str], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    paper = colours["paper"]
    axis = alt.Axis(labelAngle=0, ticks=False, domain=False, labelLimit=120)
    base = alt.Chart(inline(data)).encode(
        x=alt.X("column:N", sort=names, title=None, axis=axis, scale=alt.Scale(domain=names)),
        y=alt.Y("row:N", sort=names, title=None, axis=axis, scale=alt.Scale(domain=names)),
        tooltip=[
            alt.Tooltip("row:N", title="Person"),
            alt.Tooltip("column:N", title="With"),
            alt.Tooltip("interval:N", title="κ"),
            alt.Tooltip("n:Q", title="Items", format=","),
        ],
    )
    words = ink_on("kappa", scheme)
    cells = base.mark_rect(stroke=paper, strokeWidth=2, cornerRadius=3).encode(
        color=alt.Color("kappa:Q", scale=alt.Scale(domain=[0, 1], range="heatmap"), legend=None)
    )
    values = base.mark_text(dy=-8, fontWeight=600).encode(text="words:N", color=words)
    items = base.mark_text(dy=10).encode(text=alt.Text("n:Q", format=","), color=words)
    return (cells + values + items).properties(width=alt.Step(CELL + 24), height=alt.Step(CELL - 8))
