import numpy as np
import pytest

from measures.catalogue import GROUPS, measures_of_group
from measures.grades import f1_binary, recall_of_grade
from measures.kappa import kappa, kappa_binary

VALUES = (0, 1, 2, 3)


@pytest.mark.parametrize("group", GROUPS)
def test_every_measure_takes_many_tables_and_names_are_its_own(group, random_tables):
    for name, measure in measures_of_group(group, values=VALUES, cut=2).items():
        assert measure(random_tables).shape == (40,), name
        assert np.isnan(measure(np.zeros((4, 4), int))), name


def test_names_say_what_is_measured(random_tables):
    chance, grades, cut = (measures_of_group(group, values=VALUES, cut=2) for group in GROUPS)
    np.testing.assert_array_equal(chance["kappa"](random_tables), kappa(random_tables, VALUES))
    np.testing.assert_array_equal(
        grades["recall of 3"](random_tables), recall_of_grade(random_tables, VALUES, 3)
    )
    np.testing.assert_array_equal(cut["kappa_binary"](random_tables), kappa_binary(random_tables, VALUES, 2))
    np.testing.assert_array_equal(cut["f1_binary"](random_tables), f1_binary(random_tables, VALUES, 2))
    assert {"precision of 0", "f1 of 2"} <= set(grades)


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="“luck” is no group"):
        measures_of_group("luck", values=VALUES, cut=2)
