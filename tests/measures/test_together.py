import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

from measures.pairs import item_pairs
from measures.pi import scott_pi
from measures.together import cluster_order, grade_counts, joint_tables, kappa_matrix, multiplicity


@pytest.fixture
def judged():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 4, 300)
    slips = generator.random((300, 4)) < [0.1, 0.2, 0.5, 0.5]
    said = np.where(slips, generator.integers(0, 4, (300, 4)), truth[:, None])
    said[:, 3] = np.where(generator.random(300) < 0.9, said[:, 2], said[:, 3])  # echoes the third
    return said


QUERIES = np.repeat(np.arange(30), 10)


def test_joint_tables_are_over_common_items(judged):
    judged[:20, 0] = -1
    joint = joint_tables(judged, n_grades=4)
    assert joint.shape == (4, 4, 4, 4)
    assert joint[0, 1].sum() == 280
    assert joint[0, 1, 2, 3] == ((judged[:, 0] == 2) & (judged[:, 1] == 3)).sum()
    np.testing.assert_array_equal(joint[0, 1], joint[1, 0].T)


def test_the_matrix_is_scikit_learns_kappa_with_intervals(judged):
    matrix = kappa_matrix(judged, QUERIES, values=range(4))
    assert matrix[0][1].value == pytest.approx(cohen_kappa_score(judged[:, 0], judged[:, 1]))
    assert matrix[0][1] == matrix[1][0]
    assert matrix[0][1].low < matrix[0][1].value < matrix[0][1].high
    assert matrix[2][2].value == 1


def test_judges_that_echo_each_other_stand_together(judged):
    points = [[cell.value for cell in row] for row in kappa_matrix(judged, QUERIES, values=range(4))]
    order = cluster_order(points)
    assert sorted(order) == [0, 1, 2, 3]
    assert abs(order.index(2) - order.index(3)) == 1
    assert cluster_order([[1, 0], [0, 1]]) == [0, 1]


def test_fleiss_over_judges_is_statsmodels(judged):
    counts = grade_counts(judged, n_grades=4)
    tables = item_pairs(counts, QUERIES, n_queries=30)
    assert scott_pi(tables.sum(axis=0), range(4)) == pytest.approx(fleiss_kappa(counts))


def test_multiplicity_worked_by_hand():
    """The second differs on one of four items, the third on two others: 3/4 in all, 2/4 at most."""
    judged = np.array([[0, 0, 0, 3], [1, 2, 1, 3], [2, 2, 1, 3], [3, 3, 0, 3], [1, 1, -1, 3]])
    found = multiplicity(judged, [0.50, 0.48, 0.47, 0.2], epsilon=0.05)
    assert found == ([0, 1, 2], 4, 0.75, 0.5)


def test_one_good_judge_leaves_nothing_to_choose():
    found = multiplicity(np.zeros((5, 2)), [0.5, 0.1], epsilon=0.05)
    assert found.good == [0]
    assert np.isnan([found.ambiguity, found.discrepancy]).all()
    assert multiplicity(np.zeros((5, 1)), [np.nan], epsilon=0.1).good == []
