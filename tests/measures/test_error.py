import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error

from measures.error import accuracy, accuracy_binary, bias, mae

TABLE = np.array([[5, 1, 2], [1, 2, 1], [3, 1, 4]])


def test_errors_by_hand():
    # 20 items; the diagonal holds 5 + 2 + 4
    assert accuracy(TABLE, (0, 1, 2)) == pytest.approx(11 / 20)
    # at the cut 2: below/below 9, above/above 4
    assert accuracy_binary(TABLE, (0, 1, 2), 2) == pytest.approx(13 / 20)
    # |errors|: 1·1 + 2·2 + 1·1 + 1·1 + 3·2 + 1·1 = 14; signed: 1 + 4 − 1 + 1 − 6 − 1 = −2
    assert mae(TABLE, (0, 1, 2)) == pytest.approx(14 / 20)
    assert bias(TABLE, (0, 1, 2)) == pytest.approx(-2 / 20)


def test_errors_are_measured_in_grade_values():
    # values 0, 1, 5: 1·1 + 2·5 + 1·1 + 1·4 + 3·5 + 1·4 = 35
    assert mae(TABLE, (0, 1, 5)) == pytest.approx(35 / 20)


def test_a_lenient_judge_has_a_positive_bias():
    reference_0_judge_3 = np.zeros((4, 4))
    reference_0_judge_3[0, 3] = 1
    assert bias(reference_0_judge_3, range(4)) == 3


def test_a_cut_between_two_values_counts_from_the_next_grade_up():
    assert accuracy_binary(TABLE, (0, 1, 2), 1.5) == accuracy_binary(TABLE, (0, 1, 2), 2)


def test_errors_are_those_of_scikit_learn(random_tables, items_of):
    values = np.array([0, 1, 2, 5])
    errors, shares = mae(random_tables, values), accuracy(random_tables, values)
    for table, error, share in zip(random_tables, errors, shares, strict=True):
        reference, judged = items_of(table)
        assert error == pytest.approx(mean_absolute_error(values[reference], values[judged]))
        assert share == pytest.approx(accuracy_score(reference, judged))


def test_no_items_give_no_error():
    nothing = np.zeros((3, 3))
    assert np.isnan([measure(nothing, (0, 1, 2)) for measure in (accuracy, mae, bias)]).all()
    assert np.isnan(accuracy_binary(nothing, (0, 1, 2), 1))


def test_values_that_do_not_ascend_are_refused():
    with pytest.raises(ValueError, match="ascending"):
        mae(TABLE, (0, 2, 1))
