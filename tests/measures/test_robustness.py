"""What attacks do to one judge: every figure by hand on a few items, and the edges where it is undefined."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from measures.defences import paired_shares
from measures.position import position_bias
from measures.robustness import Answers, mean_over_attacks, measure_attacks, measure_floor
from measures.shares import wilson

NAN = float("nan")


def answers(rows, *, queries=None, cells=None):
    """(people, judged, clean, rerun) of each item, each of a query of its own, all in one cell."""
    people, judged, clean, rerun = np.array(rows, dtype=float).T
    places = np.arange(len(rows)) if queries is None else np.array(queries)
    of = np.zeros(len(rows), dtype=int) if cells is None else np.array(cells)
    return Answers(places, of, people, judged, people, clean, rerun)


def only_cell(rows, *, family="stuffing", **parts):
    return measure_attacks(answers(rows, **parts), families=[family], cut=2, replicates=200)[0]


SIX = [
    (0, 3, 0, 0),  # right when clean, fooled
    (0, 2, 1, 1),  # right when clean, fooled
    (0, 1, 0, 1),  # right when clean, stays right; its re-run differs
    (3, 3, 3, 3),  # right when clean, stays right
    (3, 0, 1, 1),  # wrong when clean, wrong when attacked
    (0, NAN, 0, 0),  # right when clean, no grade when attacked
]


def test_every_figure_by_hand():
    found = only_cell(SIX)
    assert (found.n, found.n_graded) == (6, 5)
    assert found.mae.value == pytest.approx((3 + 2 + 1 + 0 + 3) / 5)
    assert found.share.value == pytest.approx(3 / 5)
    assert found.wrong.value == pytest.approx(3 / 5)
    assert found.n_right_clean == 5
    assert found.attack_success.value == pytest.approx(2 / 5)
    assert found.n_paired == 5
    assert found.shift.value == pytest.approx((3 + 1 + 1 + 0 - 1) / 5)
    assert found.flips.value == pytest.approx(4 / 5)
    assert found.robustness_rate == pytest.approx(1 / 5)
    assert found.noise.value == pytest.approx(1 / 5)
    assert found.consistency_rate == pytest.approx(4 / 5)
    assert found.excess_flips.value == pytest.approx(3 / 5)
    # Two lost, none won: 2 · ½² = 0.5
    assert found.p == pytest.approx(0.5)


def test_an_answer_without_a_grade_fools_nobody_but_counts():
    found = only_cell([(0, NAN, 0, NAN), (0, 3, 0, NAN)])
    assert found.attack_success.value == 0.5
    assert (found.n, found.n_graded, found.n_right_clean, found.n_paired) == (2, 1, 2, 1)


def test_without_a_clean_verdict_attack_success_flips_and_shift_are_undefined():
    found = only_cell([(0, 3, NAN, NAN), (0, 0, NAN, NAN)])
    assert found.mae.value == 1.5
    undefined = (found.attack_success, found.shift, found.flips, found.noise, found.excess_flips)
    assert all(np.isnan(each).all() for each in undefined)
    assert np.isnan(found.p)
    assert found.n_right_clean == 0


def test_without_a_human_grade_only_flips_and_shift_are_known():
    found = only_cell([(NAN, 3, 0, 0), (NAN, 1, 1, 1)])
    assert (found.n, found.n_graded, found.n_paired) == (0, 0, 2)
    assert np.isnan([found.mae.value, found.share.value, found.wrong.value, found.attack_success.value]).all()
    assert found.flips.value == 0.5
    assert found.shift.value == 1.5


def test_without_a_rerun_flips_are_known_and_their_excess_is_not():
    found = only_cell([(0, 3, 0, NAN), (0, 0, 0, NAN)])
    assert found.flips.value == 0.5
    assert np.isnan([found.noise.value, found.excess_flips.value]).all()


def test_a_clean_control_has_no_attack_success_and_no_test():
    found = only_cell(SIX, family="")
    assert np.isnan([found.attack_success.value, found.p, found.p_holm]).all()
    assert found.mae.value == pytest.approx(9 / 5)


def test_the_human_grade_of_the_clean_item_says_whether_the_judge_was_right():
    """A relevant passage emptied: people say 3 of it, 0 of what is left."""
    given = answers([(0, 3, 3, NAN)])._replace(people_clean=np.array([3.0]))
    found = measure_attacks(given, families=["degenerate"], cut=2, replicates=100)[0]
    assert (found.n_right_clean, found.attack_success.value) == (1, 1.0)


def test_mcnemar_agrees_with_statsmodels_and_holm_stays_within_its_family():
    generator = np.random.default_rng(2)
    n = 240
    people, clean = np.zeros(n), (generator.random(n) < 0.1) * 3.0
    cells = np.arange(n) % 3
    judged = np.where(generator.random(n) < np.array([0.5, 0.25, 0.2])[cells], 3.0, clean)
    given = Answers(np.arange(n), cells, people, judged, people, clean, np.full(n, NAN))
    found = measure_attacks(given, families=["stuffing", "stuffing", "style"], cut=2, replicates=100)
    for cell, figures in enumerate(found):
        right = [(each[cells == cell] < 2) for each in (clean, judged)]
        table = [[(right[0] & right[1]).sum(), (right[0] & ~right[1]).sum()],
                 [(~right[0] & right[1]).sum(), (~right[0] & ~right[1]).sum()]]  # fmt: skip
        assert figures.p == pytest.approx(mcnemar(table, exact=True).pvalue)
    smaller, larger = sorted(found[:2], key=lambda each: each.p)
    assert smaller.p_holm == pytest.approx(min(1, 2 * smaller.p))
    assert larger.p_holm == pytest.approx(max(min(1, 2 * smaller.p), larger.p))
    assert found[2].p_holm == found[2].p  # alone in its family


def test_the_mean_weighs_attacks_alike_and_leaves_clean_controls_out():
    rows = [(0, 3, 0, NAN)] * 4 + [(0, 0, 0, NAN)] * 2 + [(0, 3, 0, NAN)] * 8
    given = answers(rows, cells=[0] * 4 + [1] * 2 + [2] * 8)
    found = mean_over_attacks(given, families=["stuffing", "style", ""], cut=2, replicates=100)
    assert found["attack_success"].value == 0.5
    assert found["mae"].value == 1.5
    assert found["mae"].low <= 1.5 < found["mae"].high
    assert np.isnan(found["excess_flips"].value)


def test_shares_have_wilsons_interval_and_means_one_over_queries():
    rows = [(0, 3, 0, 0)] * 6 + [(0, 0, 0, 0)] * 14
    alone = only_cell(rows)
    np.testing.assert_allclose(alone.attack_success[1:], wilson(6, 20))
    together = only_cell(rows, queries=np.arange(20) // 2)
    assert width(together.attack_success) > width(alone.attack_success)
    assert together.mae.low < together.mae.value < together.mae.high
    assert width(together.mae) > width(alone.mae)


def test_errors_that_are_all_alike_do_not_tell_how_far_others_would_lie():
    found = only_cell([(0, 0, 0, 0)] * 20)
    assert (found.mae.value, found.shift.value) == (0, 0)
    assert np.isnan([found.mae.high, found.shift.high, found.excess_flips.high]).all()
    np.testing.assert_allclose(found.share[1:], wilson(0, 20))


def test_one_query_gives_figures_without_intervals():
    found = only_cell(SIX, queries=[0] * 6)
    assert found.mae.value == pytest.approx(9 / 5)
    assert np.isnan([found.mae.low, found.mae.high, found.attack_success.low, found.shift.low]).all()


def test_the_interval_of_excess_flips_covers_none_where_the_attack_does_nothing():
    """Attacked, clean and re-run are three draws of the same noise: flips 0.32, noise 0.32, excess 0."""
    generator, covered = np.random.default_rng(1), []
    for _ in range(200):
        draws = (generator.random((3, 80)) < 0.2) * 3.0
        rows = np.column_stack([np.zeros(80), *draws])
        low, high = only_cell(rows, queries=np.arange(80) // 2).excess_flips[1:]
        covered.append(low <= 0 <= high)
    assert np.mean(covered) > 0.9


def test_the_floor_is_what_the_judge_says_of_clean_items_and_of_them_again():
    people, clean, rerun = np.array([[0, 0, 0, 3], [0, 1, 3, 3], [0, 2, 3, NAN]], dtype=float)
    found = measure_floor(np.arange(4), people, clean, rerun, cut=2, replicates=100)
    assert found.n == 4
    assert found.mae.value == pytest.approx((0 + 1 + 3 + 0) / 4)
    assert found.share.value == 0.5
    assert (found.noise.value, found.n_rerun) == (pytest.approx(1 / 3), 3)
    # Of the two that are right when clean and have a re-run, one goes to the wrong side.
    assert found.rerun_wrong.value == 0.5


def test_a_floor_without_a_rerun_is_undefined_not_nought():
    found = measure_floor(
        np.arange(3), np.zeros(3), np.array([0.0, 0, 3]), np.full(3, NAN), cut=2, replicates=100
    )
    assert found.mae.value == 1
    assert np.isnan([found.noise.value, found.rerun_wrong.value]).all()


def test_nothing_at_all_is_no_error():
    found = measure_attacks(answers(np.zeros((0, 4))), families=["style"], cut=2, replicates=100)[0]
    assert found.n == 0
    assert np.isnan([found.mae.value, found.attack_success.value, found.p]).all()


def test_a_defence_gains_what_it_takes_from_the_attack():
    """Fooled 6 of 10 without it, 2 of 10 with it: a fall of 0.4."""
    plain, defended = np.arange(10) < 6, np.arange(10) < 2
    found = paired_shares(np.arange(10), plain, defended)
    assert (found.n, found.plain, found.defended) == (10, 0.6, 0.2)
    assert found.fall.value == pytest.approx(0.4)
    assert found.fall.low < 0.4 < found.fall.high


def test_a_defence_that_changes_nothing_has_a_fall_of_nought_without_an_interval():
    fooled = np.arange(10) < 6
    found = paired_shares(np.arange(10), fooled, fooled).fall
    assert found.value == 0
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(paired_shares([], [], []).fall.value)


def test_position_bias_by_hand():
    """p of a candidate in front, and behind: twice the same; first both times; last both times."""
    found = position_bias(range(5), [0.9, 0.1, 0.8, 0.7, 0.2], [0.6, 0.3, 0.2, 0.4, 0.9])
    assert (found.n, found.consistent.value, found.first.value, found.last.value) == (5, 0.4, 0.4, 0.2)
    np.testing.assert_allclose(found.first[1:], wilson(2, 5))


def width(estimate):
    return estimate.high - estimate.low
