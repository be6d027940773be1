import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from measures.auc import auc


def test_auc_by_hand():
    # Scores 1 2 3. Relevant items scored 2 and 3, others 1 and 2.
    # Pairs: 2>1 1, 2=2 ½, 3>1 1, 3>2 1: 3.5 of 4
    table = np.array([[1, 1, 0], [0, 1, 1]])
    assert auc(table, (0, 1), 1) == pytest.approx(3.5 / 4)


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_auc_is_that_of_scikit_learn_and_scipy(cut, decimals):
    generator = np.random.default_rng(cut)
    reference = generator.integers(0, 4, 300)
    score = np.round(reference + 2 * generator.normal(size=300), decimals)
    distinct, position = np.unique(score, return_inverse=True)
    table = np.zeros((4, distinct.size), dtype=int)
    np.add.at(table, (reference, position), 1)
    ours = auc(table, range(4), cut)
    assert ours == pytest.approx(roc_auc_score(reference >= cut, score), abs=1e-12)
    relevant, others = score[reference >= cut], score[reference < cut]
    assert ours == pytest.approx(mannwhitneyu(relevant, others).statistic / (relevant.size * others.size))


def test_one_score_for_everything_tells_nothing():
    assert auc(np.array([[3], [4], [2]]), (0, 1, 2), 1) == 0.5


def test_auc_is_undefined_when_nothing_is_relevant_or_everything_is():
    table = np.array([[1, 2, 3], [3, 2, 1]])
    assert np.isnan(auc(table, (0, 1), 0))
    assert np.isnan(auc(table, (0, 1), 2))
    assert np.isnan(auc(np.zeros((2, 0)), (0, 1), 1))


def test_auc_of_several_tables_is_that_of_each():
    tables = np.random.default_rng(1).integers(0, 5, size=(2, 3, 4, 10))
    together = auc(tables, range(4), 2)
    assert together.shape == (2, 3)
    assert together[1, 2] == auc(tables[1, 2], range(4), 2)
