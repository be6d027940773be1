from math import nan

import pytest

from measures.estimates import Estimate
from reports.measure_words import MeasureWords
from reports.scoreboard import MARGIN, WIDTH, scoreboard


@pytest.fixture
def judges(judged):
    return [
        judged("low", (0.1, 0.05, 0.15), mae=(1.2, 1.1, 1.3)),
        judged("high", (0.5, 0.4, 0.6), mae=(0.4, 0.3, 0.5)),
        judged("near", (0.4, 0.3, 0.5), mae=(0.6, 0.5, 0.7)),
        judged("scored", auc=(0.7, 0.6, 0.8)),
    ]


def order(board):
    return [row.judge.name for row in board.rows]


def test_the_best_kappa_comes_first_and_undefined_ones_last(judges):
    assert order(scoreboard(judges, None)) == ["high", "near", "low", "scored"]
    assert order(scoreboard(judges, None, sort="-kappa")) == ["low", "near", "high", "scored"]


def test_the_least_error_is_the_best(judges):
    assert order(scoreboard(judges, None, sort="mae"))[:3] == ["high", "near", "low"]
    assert scoreboard(judges, None, sort="mae").measures[0].direction == "ascending"


def test_names_keep_their_order(judges):
    assert order(scoreboard(judges, None, sort="judge")) == ["low", "high", "near", "scored"]
    assert order(scoreboard(judges, None, sort="-judge"))[0] == "scored"


@pytest.mark.parametrize("sort", ["", "nonsense", "-n", "kappa__value"])
def test_an_unknown_order_is_the_usual_one(judges, sort):
    assert order(scoreboard(judges, None, sort=sort))[0] == "high"


def test_a_click_on_the_sorted_column_turns_it_round(judges):
    assert scoreboard(judges, None).columns["kappa"].sort == "-kappa"
    assert scoreboard(judges, None, sort="-kappa").columns["kappa"].sort == "kappa"
    assert scoreboard(judges, None).columns["kappa"].direction == "descending"
    assert scoreboard(judges, None).columns["judge"].direction == ""


def test_the_best_and_those_not_told_apart_from_it_are_said_in_words(judges):
    alike = {judge.key for judge in judges if judge.name == "near"}
    standings = {row.judge.name: row.standing for row in scoreboard(judges, None, alike=alike).rows}
    assert standings == {"high": "best", "near": "alike", "low": "", "scored": ""}


def test_no_judge_is_best_that_is_no_better_than_chance(judged):
    board = scoreboard([judged("a", (-0.1, nan, nan)), judged("b", (-0.2, -0.4, 0.1))], None)
    assert [row.standing for row in board.rows] == ["", ""]


def test_other_measures_stand_beside_kappa_and_bias_sorts_by_its_size(judges):
    words = [
        MeasureWords("ac1", "AC1", "AC1", ""),
        MeasureWords("bias", "Bias", "Bias", "", zero_is_best=True),
    ]
    judges = [
        judge._replace(more={"ac1": Estimate(0.1 * i, 0, 1), "bias": Estimate(bias, -1, 1)})
        for i, (judge, bias) in enumerate(zip(judges, (-0.9, 0.5, -0.1, 0.7), strict=True))
    ]
    board = scoreboard(judges, None, sort="bias", measures=words)
    assert [row.cells[1].estimate.value for row in board.rows] == [-0.1, 0.5, 0.7, -0.9]
    assert [column.key for column in board.measures] == ["ac1", "bias"]


def test_measures_that_no_judge_has_are_no_columns(judges):
    assert [column.key for column in scoreboard(judges, None).measures] == ["mae", "auc"]


def test_the_axis_holds_every_interval_and_zero(judged, people):
    judges = [judged("a", (0.2, -0.07, 0.31)), judged("b", (0.3, 0.2, 0.4))]
    board = scoreboard(judges, people(0.7, 0.6, 0.83))
    values = [tick.value for tick in board.axis.ticks]
    assert values[0] <= -0.07
    assert values[-1] >= 0.83
    assert 0 in values
    assert board.axis.ticks[0].x == MARGIN
    assert board.axis.ticks[-1].x == WIDTH - MARGIN
    assert board.ceiling.low < board.ceiling.x < board.ceiling.high


def test_a_brief_scoreboard_has_kappa_alone(judges):
    brief = scoreboard(judges, None).in_brief(2)
    assert order(brief) == ["high", "near"]
    assert brief.measures == []
    assert all(row.cells == [] for row in brief.rows)


def test_no_judges_make_an_empty_board():
    assert scoreboard([], None).rows == []


def test_nobody_at_or_below_chance_is_called_best(judged):
    board = scoreboard([judged("a", (0.0, 0.0, 0.0)), judged("b", (-0.1, -0.2, 0.1))], None)
    assert [row.standing for row in board.rows] == ["", ""]
