import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from measures.average_precision import average_precision


def test_worked_by_hand():
    """From the top: relevant, not, relevant: (1/1 + 2/3) / 2."""
    table = np.array([[0, 1, 0], [1, 0, 1]])
    assert average_precision(table, (0, 1), 1) == pytest.approx((1 + 2 / 3) / 2)


def test_scikit_learn_says_the_same_with_ties(items_of):
    tables = np.random.default_rng(1).poisson(0.7, size=(40, 4, 6))
    expected = []
    for table in tables:
        grades, scores = items_of(table)
        relevant = grades >= 2
        expected.append(average_precision_score(relevant, scores) if relevant.any() else np.nan)
    np.testing.assert_allclose(average_precision(tables, range(4), 2), expected)


def test_scores_that_say_nothing_reach_the_share_of_relevant_items():
    assert average_precision(np.array([[6], [2]]), (0, 1), 1) == 0.25


def test_without_a_relevant_item_it_is_undefined():
    assert np.isnan(average_precision(np.array([[3, 1], [0, 0]]), (0, 1), 1))
