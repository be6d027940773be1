import numpy as np
import pytest

from measures.gwet import ac1, ac2, ac2_linear
from measures.kappa import kappa


def test_ac1_worked_by_hand():
    """118 of 125 alike; π = (118 + 5 + 118 + 2) / 250 = 0.972, so P_e = 2 · 0.972 · 0.028 = 0.054432.

    P_o = 0.944, AC1 = (0.944 − 0.054432) / 0.945568 = 0.94078: the table of Gwet's own
    example of the paradox, where κ is −0.0234.
    """
    table = np.array([[118, 5], [2, 0]])
    assert ac1(table, (0, 1)) == pytest.approx((0.944 - 0.054432) / 0.945568)
    assert kappa(table, (0, 1)) == pytest.approx(-0.0234, abs=1e-4)


def test_ac2_worked_by_hand():
    """Three grades, w = 1, ¾, 0 by distance: P_o = (1 + 1 + ¾ + 1) / 4 = 0.9375.

    Used: 3, 3, 2 of 8; Σ π(1 − π) = (15 + 15 + 12) / 64 = 0.65625; T_w = 3 + 4 · ¾ = 6, so
    P_e = 6 / (3 · 2) · 0.65625 = 0.65625 and AC2 = 0.28125 / 0.34375 = 0.8182.
    """
    table = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert ac2(table, (0, 1, 2)) == pytest.approx(0.28125 / 0.34375)


def test_with_two_grades_all_three_are_the_same():
    tables = np.random.default_rng(0).integers(0, 20, (30, 2, 2))
    np.testing.assert_allclose(ac2(tables, (0, 1)), ac1(tables, (0, 1)))
    np.testing.assert_allclose(ac2_linear(tables, (0, 1)), ac1(tables, (0, 1)))


def test_distances_are_those_of_the_values():
    table = np.array([[5, 3, 0], [0, 5, 0], [0, 0, 5]])
    assert ac2(table, (0, 1, 2)) != pytest.approx(float(ac2(table, (0, 1, 10))))


@pytest.mark.parametrize("measure", [ac1, ac2, ac2_linear])
def test_perfect_agreement_is_one_also_where_one_grade_is_all_there_is(measure):
    assert measure(np.diag([3, 1, 0, 9]), range(4)) == pytest.approx(1)
    assert measure(np.diag([3, 0, 0, 0]), range(4)) == pytest.approx(1)


@pytest.mark.parametrize("measure", [ac1, ac2, ac2_linear])
def test_raters_who_guess_evenly_reach_zero(measure):
    assert measure(np.full((4, 4), 7), range(4)) == pytest.approx(0)


@pytest.mark.parametrize("measure", [ac1, ac2, ac2_linear])
def test_no_items_are_undefined_and_raters_may_change_places(measure, random_tables):
    assert np.isnan(measure(np.zeros((4, 4), int), range(4)))
    swapped = measure(random_tables.swapaxes(1, 2), range(4))
    np.testing.assert_allclose(measure(random_tables, range(4)), swapped)
    alone = [float(measure(table, range(4))) for table in random_tables]
    np.testing.assert_allclose(measure(random_tables, range(4)), alone)
