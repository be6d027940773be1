import numpy as np
import pytest
from scipy.stats import kendalltau

from measures.auc import auc
from measures.kendall import kendall, pair_counts, ranking_accuracy


def tables(n: int, *, seed: int = 0, shape: tuple[int, int] = (4, 7)) -> np.ndarray:
    return np.random.default_rng(seed).poisson(0.8, size=(n, *shape))


def test_worked_by_hand():
    """Grades 0, 1, 1 with scores 1, 1, 2: pairs (a, b) tied on score, (a, c) alike, (b, c) tied on grade.

    τ-b = 1 / √((3 − 1)(3 − 1)) = ½; of two pairs with different grades one is won and one tied: ¾.
    """
    table = np.array([[1, 0], [1, 1]])
    assert kendall(table, (0, 1)) == pytest.approx(0.5)
    np.testing.assert_array_equal(pair_counts(table), [1.5, 2])
    assert ranking_accuracy(pair_counts(table)) == 0.75


def test_scipy_says_the_same(items_of):
    for table in tables(30):
        grades, scores = items_of(table)
        expected = kendalltau(scores, grades).statistic
        assert kendall(table, range(4)) == pytest.approx(expected, nan_ok=True)


def test_only_pairs_of_the_same_query_count():
    """Two queries, each in perfect order, the second with lower scores throughout."""
    first = np.array([[0, 0, 1, 0], [0, 0, 0, 1]])
    second = np.array([[1, 0, 0, 0], [0, 1, 0, 0]])
    per_query = pair_counts(np.stack([first, second]))
    assert ranking_accuracy(per_query.sum(axis=0)) == 1
    assert kendall(first + second, (0, 1)) < 1


def test_with_two_grades_ranking_accuracy_of_one_query_is_auc():
    table = tables(1, shape=(2, 9))[0]
    assert ranking_accuracy(pair_counts(table)) == pytest.approx(float(auc(table, (0, 1), 1)))


def test_turned_round_scores_turn_the_sign():
    some = tables(10)
    np.testing.assert_allclose(kendall(some[:, :, ::-1], range(4)), -kendall(some, range(4)))
    wins, pairs = np.moveaxis(pair_counts(some), -1, 0)
    np.testing.assert_allclose(pair_counts(some[:, :, ::-1])[..., 0], pairs - wins)


def test_one_grade_or_one_score_is_undefined():
    assert np.isnan(kendall(np.array([[3, 2], [0, 0]]), (0, 1)))
    assert np.isnan(kendall(np.array([[3, 0], [2, 0]]), (0, 1)))
    assert np.isnan(ranking_accuracy(pair_counts(np.array([[3, 2], [0, 0]]))))
    assert np.isnan(kendall(np.zeros((2, 0)), (0, 1)))
