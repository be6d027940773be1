"""The charts of a compliance experiment: all judges beside each other."""

from math import isfinite
from typing import Any

from measures.contrasts import MARGIN
from reports.charts.conclusions import conclusion_colour, conclusion_shape
from reports.charts.figure import Figure
from reports.charts.inline import inline
from reports.charts.tokens import tokens
from reports.compliance.cells import cell_words, contrast_name, contrast_words
from reports.compliance.figures import CellChange, Report
from reports.compliance.words import points, said_points, worst_cell
from reports.showing import said
from reports.words import called

WIDTH, ROW, CELL = 520, 24, 64  # px


def contrasts_figure(report: Report) -> Figure:
    """Every planned contrast of every judge with its interval, beside the margin in which it is immune."""
    changes = [each for each in report.planned if each.change.n_items]
    data = [_contrast(report, each) for each in sorted(changes, key=lambda each: _place(report, each))]
    n_items = {each.change.n_items for each in changes}
    n = f"{max(n_items, default=0):,} items" if len(n_items) < 2 else "n in the table"
    return Figure(
        "contrasts",
        "What a change of condition does to each judge",
        f"Δ in percentage points of correct answers, paired within item, 95 % intervals; {n}; shaded: ±"
        f"{100 * MARGIN:.0f} points",
        lambda scheme: _forest(data, scheme),
        ["Contrast", "Judge", "Δ, points", "Items", "Conclusion"],
        [[row["contrast"], row["judge"], row["words"], f"{row['n']:,}", row["conclusion"]] for row in data],
    )


def dumbbell_figure(report: Report) -> Figure:
    """From the baseline to the cell where a judge is right least often, those that fall furthest first."""
    data = []
    for place, judge in enumerate(report.judges):
        baseline, worst = report.of_judge(place).get("N0"), worst_cell(report, place)
        if baseline is None or worst is None or not isfinite(baseline.rates.accuracy.value):
            continue
        data.append(
            {
                "judge": called(judge),
                "baseline": baseline.rates.accuracy.value,
                "baseline_words": said(baseline.rates.accuracy),
                "worst": worst.rates.accuracy.value,
                "worst_words": said(worst.rates.accuracy),
                "cell": worst.cell,
                "in_words": cell_words(worst.cell),
                "n": worst.rates.n_accuracy,
                "conclusion": str(report.conclusion_of(place)),
            }
        )
    data.sort(key=lambda row: row["worst"] - row["baseline"])
    return Figure(
        "worst",
        "From the baseline to the worst cell",
        "share of correct answers: open circle N0, filled mark the cell with the fewest; its n in the table",
        lambda scheme: _dumbbell(data, scheme),
        ["Judge", "N0", "Worst", "Cell", "n", "Conclusion"],
        [
            [
                row["judge"], row["baseline_words"], row["worst_words"], f"{row['cell']} ({row['in_words']})",
                f"{row['n']:,}", row["conclusion"],
            ]
            for row in data
        ],
    )  # fmt: skip


def families_figure(report: Report) -> Figure | None:
    """The explored contrast by judge and family of items; None where there is only one family."""
    if report.explored is None or len(report.families) < 2:
        return None
    name, words = contrast_name(*report.explored), contrast_words(*report.explored)
    families = [f"{family.name} ({family.n_items:,})" for family in report.families]
    data = [
        {
            "judge": called(report.judges[each.judge]),
            "family": families[each.family],
            "points": 100 * each.change.difference.value,
            "shown": points(each.change.difference.value) + (" *" if each.p_bh < 0.05 else ""),
            "words": said_points(each.change.difference),
            "n": each.change.n_items,
            "p": f"{each.p_bh:.3f}" if isfinite(each.p_bh) else "–",
        }
        for each in report.by_family
        if each.change.n_items
    ]
    return Figure(
        "families",
        "Where the change comes from, by family of items",
        f"{name} ({words}), points of correct answers; items in brackets; * p < 0.05 over all cells"
        " (Benjamini–Hochberg), for exploring",
        lambda scheme: _heatmap(data, families, [called(judge) for judge in report.judges], scheme),
        ["Judge", "Family", "Δ, points", "Items", "p, Benjamini–Hochberg"],
        [[row["judge"], row["family"], row["words"], row["n"], row["p"]] for row in data],
    )


def _contrast(report: Report, each: CellChange) -> dict[str, Any]:
    of, judge = each.change, called(report.judges[each.judge])
    return {
        "row": f"{each.name}  {judge}",
        "judge": judge,
        "contrast": each.name,
        "value": 100 * of.difference.value,
        "low": 100 * of.difference.low,
        "high": 100 * of.difference.high,
        "words": said_points(of.difference),
        "n": of.n_items,
        "conclusion": str(of.conclusion),
    }


def _place(report: Report, each: CellChange) -> tuple[int, int]:
    """Contrast by contrast in their order, judges within."""
    order = list(dict.fromkeys((other.first, other.second) for other in report.planned))
    return order.index((each.first, each.second)), each.judge


def _forest(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours, present = tokens(scheme), {row["conclusion"] for row in data}
    margin = 100 * MARGIN
    y = alt.Y(
        "row:N",
        sort=[row["row"] for row in data],
        title=None,
        axis=alt.Axis(labelLimit=190, ticks=False, domain=False),
    )
    band = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rect(color=colours["raised"], aria=False)
        .encode(x=alt.datum(-margin), x2=alt.datum(margin))
    )
    zero = (
        alt.Chart(alt.Data(values=[{}]))
        .mark_rule(color=colours["line-strong"], aria=False)
        .encode(x=alt.datum(0))
    )
    base = alt.Chart(inline(data)).encode(
        y=y,
        color=conclusion_colour(present, scheme),
        tooltip=[
            alt.Tooltip("judge:N", title="Judge"),
            alt.Tooltip("contrast:N", title="Contrast"),
            alt.Tooltip("words:N", title="Δ, points"),
            alt.Tooltip("n:Q", title="Items", format=","),
            alt.Tooltip("conclusion:N", title="Conclusion"),
        ],
    )
    whisker = base.mark_rule(strokeWidth=2.5).encode(x="low:Q", x2="high:Q")
    dot = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("value:Q", title="Δ, points"),
        shape=conclusion_shape(present),
    )
    return (band + zero + whisker + dot).properties(width=WIDTH, height=alt.Step(ROW))


def _dumbbell(data: list[dict[str, Any]], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours, present = tokens(scheme), {row["conclusion"] for row in data}
    base = alt.Chart(inline(data)).encode(
        y=alt.Y(
            "judge:N",
            sort=[row["judge"] for row in data],
            title=None,
            axis=alt.Axis(labelLimit=190, ticks=False, domain=False),
        ),
        tooltip=[
            alt.Tooltip("judge:N", title="Judge"),
            alt.Tooltip("baseline_words:N", title="N0"),
            alt.Tooltip("worst_words:N", title="Worst"),
            alt.Tooltip("cell:N", title="Worst cell"),
            alt.Tooltip("in_words:N", title="That is"),
            alt.Tooltip("n:Q", title="Answers there", format=","),
            alt.Tooltip("conclusion:N", title="Conclusion"),
        ],
    )
    colour = conclusion_colour(present, scheme)
    x = alt.X(
        "worst:Q",
        title="Correct answers",
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
        scale=alt.Scale(domain=[0, 1]),
    )
    bar = base.mark_rule(strokeWidth=2.5).encode(x="baseline:Q", x2="worst:Q", color=colour)
    start = base.mark_point(size=70, filled=True, fill=colours["paper"], strokeWidth=1.5, opacity=1).encode(
        x="baseline:Q", stroke=alt.value(colours["ink-soft"])
    )
    end = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x, color=colour, shape=conclusion_shape(present)
    )
    name = base.mark_text(align="right", dx=-9).encode(x="worst:Q", text="cell:N")
    return (bar + start + end + name).properties(width=WIDTH, height=alt.Step(ROW + 4))


def _heatmap(data: list[dict[str, Any]], families: list[str], judges: list[str], scheme: str) -> Any:
    import altair as alt  # half a second: only pages with a chart pay for it

    colours = tokens(scheme)
    base = alt.Chart(inline(data)).encode(
        x=alt.X(
            "family:N",
            sort=families,
            title="Family of items",
            axis=alt.Axis(labelAngle=-45, labelLimit=160, ticks=False, domain=False),
        ),
        y=alt.Y(
            "judge:N",
            sort=judges,
            title=None,
            axis=alt.Axis(labelLimit=180, ticks=False, domain=False),
        ),
        tooltip=[
            alt.Tooltip("judge:N", title="Judge"),
            alt.Tooltip("family:N", title="Family"),
            alt.Tooltip("words:N", title="Δ, points"),
            alt.Tooltip("n:Q", title="Items", format=","),
            alt.Tooltip("p:N", title="p, Benjamini–Hochberg"),
        ],
    )
    cells = base.mark_rect(stroke=colours["paper"], strokeWidth=2, cornerRadius=3).encode(
        color=alt.Color(
            "points:Q",
            legend=None,
            scale=alt.Scale(
                interpolate="rgb",
                domain=[-100, 0, 100],
                range=[colours["bad"], colours["paper"], colours["good"]],
            ),
        )
    )
    deep = {"test": "abs(datum.points) > 55", "value": colours["paper"]}
    words = base.mark_text().encode(
        text="shown:N", color=alt.ColorValue(value=colours["ink"], condition=deep)
    )
    return (cells + words).properties(width=alt.Step(CELL + 8), height=alt.Step(ROW + 8))
