import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from measures.kappa import kappa, kappa_binary, kappa_linear, kappa_quadratic


def test_kappa_of_two_grades_by_hand():
    # 50 items. Observed: (20 + 15)/50 = 0.7. Expected: 25/50 · 30/50 + 25/50 · 20/50 = 0.5.
    # κ = (0.7 − 0.5)/(1 − 0.5) = 0.4
    assert kappa(np.array([[20, 5], [10, 15]]), (0, 1)) == pytest.approx(0.4)


def test_weighted_kappa_by_hand():
    table = np.array([[2, 1, 1], [0, 3, 1], [0, 0, 2]])
    # n = 10, rows 4 4 2, columns 2 4 4.
    # linear: Σ w·T = 1·1 + 2·1 + 1·1 = 4
    #         Σ w·r·c = 4·4 + 2·4·4 + 4·2 + 4·4 + 2·2·2 + 2·4 = 16 + 32 + 8 + 16 + 8 + 8 = 88
    assert kappa_linear(table, (0, 1, 2)) == pytest.approx(1 - 10 * 4 / 88)
    # quadratic: Σ w·T = 1 + 4 + 1 = 6;  Σ w·r·c = 16 + 4·16 + 8 + 16 + 4·4 + 8 = 128
    assert kappa_quadratic(table, (0, 1, 2)) == pytest.approx(1 - 10 * 6 / 128)


def test_kappa_at_a_cut_by_hand():
    table = np.array([[5, 1, 2], [1, 2, 1], [3, 1, 4]])
    # Cut at 2: below/below 5+1+1+2 = 9, below/above 2+1 = 3, above/below 3+1 = 4, above/above 4.
    # n = 20, observed 13/20, expected (12·13 + 8·7)/400 = 212/400
    assert kappa_binary(table, (0, 1, 2), 2) == pytest.approx((0.65 - 0.53) / (1 - 0.53))


@pytest.mark.parametrize(
    ("measure", "weights"), [(kappa, None), (kappa_linear, "linear"), (kappa_quadratic, "quadratic")]
)
def test_kappa_is_that_of_scikit_learn(measure, weights, random_tables, items_of):
    ours = measure(random_tables, range(4))
    for table, value in zip(random_tables, ours, strict=True):
        theirs = cohen_kappa_score(*items_of(table), labels=range(4), weights=weights)
        assert value == pytest.approx(theirs, abs=1e-12)


@pytest.mark.filterwarnings("ignore:.*only one label in common:sklearn.exceptions.UndefinedMetricWarning")
def test_kappa_at_every_cut_is_that_of_scikit_learn(random_tables, items_of):
    for cut in (1, 2, 3):
        ours = kappa_binary(random_tables, range(4), cut)
        for table, value in zip(random_tables, ours, strict=True):
            reference, judged = items_of(table)
            theirs = cohen_kappa_score(reference >= cut, judged >= cut, labels=[False, True])
            assert value == pytest.approx(theirs, abs=1e-12, nan_ok=True)


def test_weights_go_by_position_and_not_by_value(random_tables):
    for measure in (kappa_linear, kappa_quadratic):
        np.testing.assert_array_equal(
            measure(random_tables, (0, 1, 2, 3)), measure(random_tables, (0, 1, 5, 90))
        )


def test_kappa_is_undefined_when_both_raters_used_one_grade_only():
    table = np.array([[0, 0], [0, 9]])
    assert np.isnan([measure(table, (0, 1)) for measure in (kappa, kappa_linear, kappa_quadratic)]).all()


def test_kappa_is_zero_when_only_one_of_them_used_one_grade():
    assert kappa(np.array([[0, 4], [0, 9]]), (0, 1)) == 0


def test_kappa_at_a_cut_that_every_grade_passes_is_undefined():
    assert np.isnan(kappa_binary(np.array([[4, 1], [2, 9]]), (0, 1), 0))
    assert np.isnan(kappa_binary(np.array([[4, 1], [2, 9]]), (0, 1), 2))


def test_large_counts_lose_nothing():
    table = np.array([[20, 5], [10, 15]]) * 10**9
    assert kappa(table, (0, 1)) == pytest.approx(0.4, abs=1e-15)
