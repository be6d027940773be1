"""Charts: colours from the stylesheet, the same data in both schemes, files without a network."""

import json

import pytest

from measures.estimates import Estimate
from reports.charts.bundle import NAME, VegaFinder
from reports.charts.confusion import confusion, confusion_figure
from reports.charts.details import bias_figure
from reports.charts.rendering import render
from reports.charts.scores import scores_figure
from reports.charts.tokens import as_hex, ramp, tokens
from reports.distribution import ScoreDistribution

TABLE = [[40, 2, 0, 0, 0, 3, 0], [5, 20, 5, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 0, 0, 0]]
VALUES = (0, 1, 2, 3)


@pytest.fixture
def figure():
    return confusion_figure(confusion(TABLE, values=VALUES), title="What gpt said")


@pytest.mark.parametrize(
    ("oklch", "rgb"),
    [
        ("oklch(100% 0 0)", "#ffffff"),
        ("oklch(0% 0 0)", "#000000"),
        ("oklch(62.8% 0.2577 29.23)", "#ff0000"),
        ("oklch(45.2% 0.3132 264.05)", "#0000ff"),
    ],
)
def test_colours_are_converted_as_browsers_do(oklch, rgb):
    for ours, theirs in zip(bytes.fromhex(as_hex(oklch)[1:]), bytes.fromhex(rgb[1:]), strict=True):
        assert abs(ours - theirs) <= 1


def test_a_colour_in_another_notation_is_refused():
    with pytest.raises(ValueError, match="oklch"):
        as_hex("rebeccapurple")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_the_theme_is_in_the_stylesheet(scheme):
    assert {"paper", "ink", "ink-soft", "line", "line-strong", "judges", "people"} <= set(tokens(scheme))
    assert len(set(ramp(scheme))) == 11


def test_the_schemes_differ_in_colours_and_in_nothing_else(figure):
    light, dark = figure.spec("light"), figure.spec("dark")
    assert light["config"]["background"] != dark["config"]["background"]
    assert light["data"] == dark["data"]
    assert light["title"] == dark["title"]


def test_a_confusion_keeps_the_columns_that_hold_something():
    matrix = confusion(TABLE, values=VALUES)
    assert matrix.judged == ["0", "1", "2", "3", "failed"]
    reference, cells, total = matrix.rows[0]
    assert (reference, total) == ("0", 45)
    assert [cell.n for cell in cells] == [40, 2, 0, 0, 3]
    assert cells[0].share == pytest.approx(40 / 45)
    assert [cell.share for cell in matrix.rows[2][1]] == [0] * 5  # no such items: no division by zero


def test_a_figure_tells_its_n_and_carries_its_data_as_a_table(figure):
    assert figure.subtitle.startswith("85 verdicts")
    assert figure.columns == ["People's grade", "0", "1", "2", "3", "failed", "All"]
    assert figure.rows[0] == ["0", 40, 2, 0, 0, 3, 45]


def test_axes_have_titles(figure):
    encoding = figure.spec("light")["layer"][0]["encoding"]
    assert (encoding["x"]["title"], encoding["y"]["title"]) == ("Judge's grade", "People's grade")


def test_cells_with_items_link_to_them_on_the_page_and_not_in_files(figure):
    linked = confusion_figure(
        confusion(TABLE, values=VALUES), title="T", address=lambda cell: f"?j={cell.judged}"
    )
    assert "?j=failed" in str(linked.spec("light"))
    assert "href" not in str(figure.spec("light"))


def test_scores_become_one_histogram_for_each_grade_that_has_any():
    distribution = ScoreDistribution([0.0, 0.5, 1.0], [[3, 1], [0, 0], [1, 1], [0, 2]], 1)
    figure = scores_figure(distribution, values=VALUES, title="Scores")
    assert figure.subtitle == (
        "8 scores on items with a human grade, in 2 bins of equal width; 1 infinite scores left out"
    )
    assert figure.rows == [["0.00 to 0.50", 3, 0, 1, 0], ["0.50 to 1.00", 1, 0, 1, 2]]
    assert "people 1" not in str(figure.spec("dark"))


@pytest.mark.parametrize(("file_format", "beginning"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_charts_are_drawn_as_files(figure, file_format, beginning):
    drawn = render(figure, file_format=file_format, scheme="dark")
    assert drawn.startswith(beginning)
    if file_format == "svg":
        assert b"What gpt said" in drawn


def test_the_script_that_draws_is_found_like_a_static_file(settings, tmp_path):
    settings.VAR = tmp_path
    finder = VegaFinder()
    assert finder.find("concord.css") == []
    path = finder.find(NAME)
    with open(path, encoding="utf-8") as script:
        assert "window.vegaEmbed" in script.read()
    assert [name for name, _ in finder.list([])] == [NAME]
    assert finder.find(NAME, find_all=True) == [path]


def test_a_chart_is_as_wide_as_its_box_unless_it_is_a_grid_or_faceted(figure):
    plain = bias_figure([Estimate(0.1, 0.0, 0.2)] * 4, values=VALUES, title="Lenient?")
    faceted = scores_figure(
        ScoreDistribution([0.0, 0.5, 1.0], [[1, 2], [2, 1], [0, 3], [1, 1]], 0), values=VALUES, title="Scores"
    )
    assert plain.specs["light"]["width"] == "container"
    assert isinstance(plain.spec("light")["width"], int)  # a file has a width of its own
    assert isinstance(faceted.specs["light"]["width"], int)
    assert figure.specs["dark"].get("width") != "container"


def test_what_is_undefined_is_null_in_a_specification():
    nan = float("nan")
    drawn = bias_figure([Estimate(0.1, nan, nan)] * 4, values=VALUES, title="Lenient?")
    assert "NaN" not in json.dumps(drawn.specs)
    assert '"low": null' in json.dumps(drawn.specs)
