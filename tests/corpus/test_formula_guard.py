"""Cells that could run as formulas are guarded, and come back as they were."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.formula_guard import GUARD_REGEX, guard_cell, unguard_cell, unguard_cells

DANGEROUS = [
    *("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠x"),
    *(
        " =1",
        "\n=1",
        "  \n@x",
        "\u00a0=1",
        "\u3000=1",
        "\ufeff=1",
        "'",
        "'=1",
        "''",
        "-",
        "+",
        "=",
        "\t",
        "\r",
    ),
    *("-0.5\n", "- 5", "--5", "+49 170", "-.5", "-5.", "-1e", "-5%", "=5"),
]
HARMLESS = [
    *(
        "",
        "plain",
        "a=1",
        "a'b",
        "-0.5",
        "+3",
        "-1.5E+10",
        "1",
        "5-3",
        " text",
        "\n",
        "(=1)",
        '"=1"',
        "é",
        "日本",
    ),
    *("a\n=1", "\x00=", "−5", "1e5\n="),
]


@pytest.mark.parametrize("cell", DANGEROUS)
def test_a_cell_that_could_run_gets_an_apostrophe(cell):
    assert guard_cell(cell) == "'" + cell
    assert unguard_cell(guard_cell(cell)) == cell


@pytest.mark.parametrize("cell", HARMLESS)
def test_other_cells_stay_as_they_are(cell):
    assert guard_cell(cell) == cell
    assert unguard_cell(cell) == cell


@given(st.text(alphabet=st.sampled_from("=+-@\t\r\n '＝＋0159.eEa\u00a0"), max_size=8) | st.text(max_size=20))
def test_every_text_comes_back(cell):
    assert unguard_cell(guard_cell(cell)) == cell
    assert unguard_cells(["x", guard_cell(cell)]) == ["x", cell]
    assert (guard_cell(cell) != cell) == (re.search(GUARD_REGEX, cell) is not None)


def test_guarding_adds_exactly_one_apostrophe():
    assert guard_cell(guard_cell("=1")) == "''=1"
