"""What must hold for every table."""

from functools import partial

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from measures.alpha import alpha_interval, alpha_nominal, alpha_ordinal
from measures.auc import auc
from measures.error import accuracy, accuracy_binary, bias, mae
from measures.kappa import kappa, kappa_binary, kappa_linear, kappa_quadratic
from measures.spearman import spearman

VALUES = (0, 1, 2, 3)
CHANCE_CORRECTED = [
    kappa,
    kappa_linear,
    kappa_quadratic,
    partial(kappa_binary, cut=2),
    alpha_nominal,
    alpha_ordinal,
    alpha_interval,
]
SHARES = [accuracy, partial(accuracy_binary, cut=2)]
RANKED = [partial(auc, cut=2), spearman]
ALL = [*CHANCE_CORRECTED, *SHARES, mae, bias]

tables = arrays.arrays(np.int64, (4, 4), elements=st.integers(0, 50))
stacks = arrays.arrays(np.int64, (3, 2, 4, 4), elements=st.integers(0, 5))
score_tables = arrays.arrays(np.int64, (4, 7), elements=st.integers(0, 5))


def _same(one: float, other: float) -> None:
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("measure", [*CHANCE_CORRECTED, *SHARES, mae])
@given(table=tables)
def test_the_two_raters_may_change_places(measure, table):
    _same(measure(table, VALUES), measure(table.T, VALUES))


@given(table=tables)
def test_bias_turns_its_sign_when_they_do(table):
    _same(bias(table, VALUES), -bias(table.T, VALUES))


@pytest.mark.parametrize("measure", [kappa, alpha_nominal, accuracy])
@given(table=tables, order=st.permutations(range(4)))
def test_nominal_measures_do_not_care_which_grade_is_which(measure, table, order):
    _same(measure(table, VALUES), measure(table[np.ix_(order, order)], VALUES))


@pytest.mark.parametrize("measure", [*CHANCE_CORRECTED, *SHARES, mae])
@given(table=tables)
def test_a_scale_turned_upside_down_agrees_as_well(measure, table):
    _same(measure(table, VALUES), measure(table[::-1, ::-1], VALUES))


@given(table=tables, shift=st.integers(-5, 5), step=st.integers(1, 9))
def test_interval_alpha_knows_neither_zero_nor_unit(table, shift, step):
    _same(alpha_interval(table, VALUES), alpha_interval(table, [shift + step * value for value in VALUES]))


@pytest.mark.parametrize("measure", [*CHANCE_CORRECTED, *SHARES])
@given(used=arrays.arrays(np.int64, 4, elements=st.integers(0, 1_000)))
def test_perfect_agreement_is_one(measure, used):
    assume(used[:2].any() and used[2:].any())
    assert measure(np.diag(used), VALUES) == 1


@given(used=arrays.arrays(np.int64, 4, elements=st.integers(0, 1_000)))
def test_perfect_agreement_has_no_error(used):
    assume(used.any())
    assert mae(np.diag(used), VALUES) == 0


@pytest.mark.parametrize("measure", [kappa, kappa_linear, kappa_quadratic, partial(kappa_binary, cut=2)])
@given(
    rows=arrays.arrays(np.int64, 4, elements=st.integers(1, 30)),
    columns=st.lists(st.integers(1, 30), min_size=4, max_size=4),
)
def test_independent_raters_have_a_kappa_of_zero(measure, rows, columns):
    _same(measure(np.outer(rows, columns), VALUES), 0)


@pytest.mark.parametrize("measure", CHANCE_CORRECTED)
@given(n=st.integers(0, 1_000), grade=st.integers(0, 3))
def test_one_grade_only_is_undefined_and_never_zero(measure, n, grade):
    table = np.zeros((4, 4), dtype=np.int64)
    table[grade, grade] = n
    assert np.isnan(measure(table, VALUES))


@pytest.mark.parametrize("measure", ALL)
def test_no_items_are_undefined(measure):
    assert np.isnan(measure(np.zeros((4, 4)), VALUES))


@pytest.mark.parametrize("measure", CHANCE_CORRECTED)
@given(table=tables)
def test_agreement_never_exceeds_one(measure, table):
    value = measure(table, VALUES)
    assert np.isnan(value) or value <= 1


@pytest.mark.parametrize("measure", ALL)
@given(stack=stacks)
def test_many_tables_at_once_are_each_on_its_own(measure, stack):
    together = measure(stack, VALUES)
    assert together.shape == (3, 2)
    one_by_one = [[measure(stack[i, j], VALUES) for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(together, one_by_one, rtol=0, atol=1e-12)


@pytest.mark.parametrize("measure", [*CHANCE_CORRECTED[:4], *SHARES, mae, bias])
@given(table=tables, times=st.integers(2, 1_000))
def test_every_item_several_times_changes_nothing(measure, table, times):
    _same(measure(table, VALUES), measure(table * times, VALUES))


@given(table=score_tables)
def test_auc_of_the_opposite_score_is_the_rest_to_one(table):
    _same(auc(table, VALUES, 2), 1 - auc(table[:, ::-1], VALUES, 2))


@given(table=score_tables)
def test_rho_of_the_opposite_score_is_the_opposite(table):
    _same(spearman(table, VALUES), -spearman(table[:, ::-1], VALUES))


@pytest.mark.parametrize("measure", RANKED)
@given(table=score_tables, where=st.integers(0, 7))
def test_an_empty_bin_changes_nothing(measure, table, where):
    _same(measure(table, VALUES), measure(np.insert(table, where, 0, axis=1), VALUES))


@pytest.mark.parametrize("measure", RANKED)
@given(used=arrays.arrays(np.int64, 4, elements=st.integers(0, 1_000)))
def test_a_score_that_is_the_grade_ranks_perfectly(measure, used):
    assume(used[:2].any() and used[2:].any())
    _same(measure(np.diag(used), VALUES), 1)
