import warnings
from functools import partial

import numpy as np
import pytest
from sklearn import metrics

from measures.grades import (
    at_cut,
    balanced_accuracy,
    f1_binary,
    f1_of_grade,
    g_mean,
    macro_f1,
    mcc,
    precision_binary,
    precision_of_grade,
    recall_binary,
    recall_of_grade,
)
from measures.kappa import kappa, kappa_binary

VALUES = range(4)
TABLE = np.array([[6, 2, 0], [1, 3, 0], [2, 0, 2]])  # reference × judge


def test_precision_and_recall_worked_by_hand():
    """Grade 0: the judge gave it 9 times, 6 rightly; people 8 times. Grade 2: 2 of 2 and 2 of 4."""
    assert precision_of_grade(TABLE, range(3), 0) == pytest.approx(6 / 9)
    assert recall_of_grade(TABLE, range(3), 0) == pytest.approx(6 / 8)
    assert f1_of_grade(TABLE, range(3), 2) == pytest.approx(2 * 2 / (2 + 4))


def test_means_over_grades_worked_by_hand():
    """Recalls ¾, ¾ and ½: mean ⅔, geometric mean ∛(9/32)."""
    assert balanced_accuracy(TABLE, range(3)) == pytest.approx(2 / 3)
    assert g_mean(TABLE, range(3)) == pytest.approx((9 / 32) ** (1 / 3))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (macro_f1, partial(metrics.f1_score, average="macro", zero_division=0)),
        (balanced_accuracy, metrics.balanced_accuracy_score),
        (mcc, metrics.matthews_corrcoef),
    ],
)
def test_scikit_learn_says_the_same(ours, theirs, random_tables, items_of):
    for table in random_tables:
        reference, judged = items_of(table)
        value = float(ours(table, VALUES))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # grades that only the judge used
            expected = theirs(reference, judged) if reference.size else np.nan
        if ours is mcc and np.isnan(value):
            assert len(set(reference)) < 2 or len(set(judged)) < 2
        else:
            assert value == pytest.approx(expected, nan_ok=True)


def test_scikit_learn_says_the_same_of_each_grade_and_at_the_cut(random_tables, items_of):
    for table in random_tables[1:5]:
        reference, judged = items_of(table)
        per_grade = metrics.precision_recall_fscore_support(
            reference, judged, labels=VALUES, zero_division=np.nan
        )
        for position in VALUES:
            for ours, theirs in zip((precision_of_grade, recall_of_grade), per_grade[:2], strict=True):
                assert ours(table, VALUES, position) == pytest.approx(theirs[position], nan_ok=True)
        at_two = metrics.precision_recall_fscore_support(
            reference >= 2, judged >= 2, average="binary", zero_division=np.nan
        )
        for ours, theirs in zip((precision_binary, recall_binary, f1_binary), at_two[:3], strict=True):
            assert ours(table, VALUES, 2) == pytest.approx(theirs, nan_ok=True)


def test_a_grade_that_is_never_found_makes_the_geometric_mean_zero_and_leaves_the_others_alone():
    assert g_mean(np.array([[0, 4], [0, 4]]), (0, 1)) == 0
    assert g_mean(np.array([[0, 0, 0], [0, 3, 1], [0, 0, 0]]), range(3)) == pytest.approx(0.75)


def test_any_measure_can_be_taken_at_a_cut(random_tables):
    np.testing.assert_allclose(
        at_cut(kappa, random_tables, VALUES, 1), kappa_binary(random_tables, VALUES, 1)
    )


def test_what_is_not_defined_is_no_number():
    nothing, one_column = np.zeros((3, 3), int), np.array([[3, 0, 0], [4, 0, 0], [0, 0, 0]])
    for measure in (macro_f1, balanced_accuracy, g_mean, mcc):
        assert np.isnan(measure(nothing, range(3)))
    assert np.isnan(mcc(one_column, range(3)))
    assert np.isnan(precision_of_grade(one_column, range(3), 1))
    assert np.isnan(recall_of_grade(one_column, range(3), 2))
    assert np.isnan(f1_of_grade(one_column, range(3), 2))


@pytest.mark.parametrize("measure", [macro_f1, balanced_accuracy, g_mean, mcc])
def test_many_tables_at_once_are_each_alone(measure, random_tables):
    alone = [float(measure(table, VALUES)) for table in random_tables]
    np.testing.assert_allclose(measure(random_tables, VALUES), alone)


@pytest.mark.parametrize("measure", [macro_f1, balanced_accuracy, g_mean, mcc])
def test_perfect_agreement_is_one(measure):
    assert measure(np.diag([4, 0, 2, 1]), VALUES) == pytest.approx(1)
