import numpy as np
import pytest

from measures.counts import Ungraded, count_array, graded, n_graded, n_verdicts, ungraded_as_wrong
from measures.tables import collapse_at_cut


def test_rows_become_counts_and_repeated_cells_add_up():
    rows = [(0, 0, 0, 3), (0, 0, 0, 4), (1, 1, 0, 2)]
    counts = count_array(rows, n_queries=2, n_grades=2)
    assert counts.shape == (2, 2, 5)
    assert counts[0, 0, 0] == 7
    assert counts[1, 1, 0] == 2
    assert counts.sum() == 9


def test_verdicts_without_a_grade_count_in_n_only():
    abstained, failed, scored = (kind.column(n_grades=3) for kind in Ungraded)
    rows = [(0, 2, 2, 10), (0, 1, abstained, 1), (0, 1, failed, 2), (0, 0, scored, 4)]
    counts = count_array(rows, n_queries=1, n_grades=3)
    assert n_verdicts(counts) == 17
    assert n_graded(counts) == 10
    np.testing.assert_array_equal(graded(counts)[0], np.diag([0, 0, 10]))


def test_no_rows_are_an_array_of_zeros():
    assert not count_array([], n_queries=3, n_grades=4).any()


@pytest.mark.parametrize("row", [(2, 0, 0, 1), (0, 3, 0, 1), (0, 0, 6, 1), (-1, 0, 0, 1), (0, 0, 0, -1)])
def test_a_row_outside_the_array_is_refused(row):
    with pytest.raises(ValueError, match="does not fit"):
        count_array([row], n_queries=2, n_grades=3)


def test_an_array_of_another_shape_is_no_count_array():
    with pytest.raises(ValueError, match="shape"):
        graded(np.zeros((5, 4, 4), dtype=int))


def test_tables_collapse_at_a_cut_by_hand():
    table = np.arange(9).reshape(3, 3)
    # cut at the second grade: [0, 1+2], [3+6, 4+5+7+8]
    np.testing.assert_array_equal(collapse_at_cut(table, (0, 1, 2), 1), [[0, 3], [9, 24]])
    np.testing.assert_array_equal(collapse_at_cut(table[None], (0, 1, 2), 1)[0], [[0, 3], [9, 24]])


def test_what_is_not_graded_can_count_as_wrong_on_the_other_side_of_the_cut():
    counts = np.zeros((2, 3, 6), dtype=int)
    counts[0, 0, 0], counts[0, 2, 3], counts[1, 1, 4], counts[1, 0, 4], counts[1, 2, 5] = 5, 2, 3, 1, 7
    wrong = ungraded_as_wrong(counts, values=(0, 1, 2), cut=1)
    assert wrong[0, 2, 0] == 2  # an abstention on a relevant item: the lowest grade
    assert wrong[1, 1, 0] == 3
    assert wrong[1, 0, 2] == 1  # a failure on an irrelevant one: the highest
    assert wrong[1, 2, 5] == 7  # a score without a grade stays
    assert wrong.sum() == counts.sum()
    assert graded(wrong).sum() == 5 + 2 + 3 + 1
    assert counts[0, 2, 3] == 2  # the original is as it was
