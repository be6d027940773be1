import numpy as np
import pytest
from scipy.stats import spearmanr

from measures.spearman import spearman


def test_spearman_with_ties_by_hand():
    # References 0 0 1 have midranks 1.5 1.5 3, scores 1 2 2 have 1 2.5 2.5; centred −.5 −.5 1 and −1 .5 .5.
    # ρ = (.5 − .25 + .5)/√(1.5 · 1.5) = 0.5
    assert spearman(np.array([[1, 1], [0, 1]]), (0, 1)) == pytest.approx(0.5)


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_spearman_is_that_of_scipy(decimals):
    generator = np.random.default_rng(decimals)
    reference = generator.choice(4, 500, p=[0.5, 0.3, 0.0, 0.2])
    score = np.round(reference + 2 * generator.normal(size=500), decimals)
    distinct, position = np.unique(score, return_inverse=True)
    table = np.zeros((4, distinct.size), dtype=int)
    np.add.at(table, (reference, position), 1)
    assert spearman(table, range(4)) == pytest.approx(spearmanr(reference, score).statistic, abs=1e-12)


def test_spearman_is_undefined_when_all_scores_or_all_references_are_the_same():
    assert np.isnan(spearman(np.array([[3], [4]]), (0, 1)))
    assert np.isnan(spearman(np.array([[3, 4, 1], [0, 0, 0]]), (0, 1)))
    assert np.isnan(spearman(np.zeros((2, 0)), (0, 1)))


def test_spearman_of_several_tables_is_that_of_each():
    tables = np.random.default_rng(1).integers(0, 5, size=(2, 3, 4, 10))
    together = spearman(tables, range(4))
    assert together.shape == (2, 3)
    assert together[1, 2] == pytest.approx(spearman(tables[1, 2], range(4)))
