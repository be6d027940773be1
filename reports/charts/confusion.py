"""The confusion matrix: what the judge said where people said what."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from measures.counts import Ungraded
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens

CELL = 64  # px
UNGRADED_NAMES = {Ungraded.ABSTAINED: "abstained", Ungraded.FAILED: "failed", Ungraded.SCORED: "scored"}
# Above this share a cell is so deep that its text has to change colour (see .ramp-… in the stylesheet).
DEEP = {"light": 0.55, "dark": 0.45}


class ConfusionCell(NamedTuple):
    reference: str
    judged: str  # a grade, or the kind of verdict that has none
    n: int
    share: float  # of the verdicts on items with this reference; 0 where there are none
    step: int  # on the ramp, 0–10


class Confusion(NamedTuple):
    """Rows by reference grade, columns by what the judge said; empty columns of ungraded ones left out."""

    judged: list[str]
    rows: list[tuple[str, list[ConfusionCell], int]]  # reference, cells, sum


def confusion(table: Sequence[Sequence[int]], *, values: Sequence[int]) -> Confusion:
    """The confusion matrix of a (K, K + 3) table over grades `values`."""
    n_grades = len(values)
    ungraded = [kind for kind in Ungraded if any(row[kind.column(n_grades=n_grades)] for row in table)]
    columns = list(range(n_grades)) + [kind.column(n_grades=n_grades) for kind in ungraded]
    judged = [str(value) for value in values] + [UNGRADED_NAMES[kind] for kind in ungraded]
    rows = []
    for value, row in zip(values, table, strict=True):
        total = sum(row)
        cells = [
            _cell(str(value), name, row[column], total) for name, column in zip(judged, columns, strict=True)
        ]
        rows.append((str(value), cells, total))
    return Confusion(judged, rows)


def confusion_figure(
    matrix: Confusion, *, title: str, address: Callable[[ConfusionCell], str] | None = None
) -> Figure:
    """The matrix as a heatmap: colour and second line are the share of the row. `address` links the cells."""
    n = sum(total for _, _, total in matrix.rows)
    cells = [cell for _, row, _ in matrix.rows for cell in row]
    data = [
        {"reference": cell.reference, "judged": cell.judged, "n": cell.n, "share": cell.share}
        | ({"url": address(cell)} if address and cell.n else {})
        for cell in cells
    ]
    references = [reference for reference, _, _ in matrix.rows]

    def draw(scheme: str) -> Any:
        return _heatmap(data, references, matrix.judged, scheme, has_links=address is not None)

    return Figure(
        "confusion",
        title,
        f"{n:,} verdicts on items with a human grade; counts, and shares of each row",
        draw,
        ["People's grade", *matrix.judged, "All"],
        [[reference, *(cell.n for cell in row), total] for reference, row, total in matrix.rows],
    )


def ink_on(field: str, scheme: str) -> Any:
    """The colour of text on a cell of the heatmap: paper where the field makes the cell deep, else ink."""
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    deep = {"test": f"datum.{field} >= {DEEP[scheme]}", "value": colours["paper"]}
    return alt.ColorValue(value=colours["ink"], condition=deep)


def _heatmap(
    data: list[dict[str, Any]], references: list[str], judged: list[str], scheme: str, *, has_links: bool
) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    paper = colours["paper"]
    axis = alt.Axis(labelAngle=0, ticks=False, domain=False)
    base = alt.Chart(inline(data)).encode(
        x=alt.X(
            "judged:O",
            sort=judged,
            title="Judge's grade",
            axis=axis,
        ),
        y=alt.Y(
            "reference:O",
            sort=references,
            title="People's grade",
            axis=axis,
        ),
        tooltip=[
            alt.Tooltip("reference:O", title="People"),
            alt.Tooltip("judged:O", title="Judge"),
            alt.Tooltip("n:Q", title="Verdicts", format=","),
            alt.Tooltip("share:Q", title="Share of the row", format=".1%"),
        ],
        **({"href": alt.Href("url:N")} if has_links else {}),
    )
    words = ink_on("share", scheme)
    cells = base.mark_rect(stroke=paper, strokeWidth=2, cornerRadius=3).encode(
        color=alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range="heatmap"), legend=None)
    )
    counts = base.mark_text(dy=-8, fontWeight=600).encode(text=alt.Text("n:Q", format=","), color=words)
    shares = base.mark_text(dy=10).encode(text=alt.Text("share:Q", format=".0%"), color=words)
    return (cells + counts + shares).properties(width=alt.Step(CELL + 24), height=alt.Step(CELL - 8))


def _cell(reference: str, judged: str, n: int, total: int) -> ConfusionCell:
    share = n / total if total else 0.0
    return ConfusionCell(reference, judged, n, share, round(share * 10))
