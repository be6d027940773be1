from itertools import permutations

import numpy as np
import pytest

from measures.aggregation import borda, kemeny


def against(table, order):
    """Preferences of the rankings that an order goes against, pair by pair."""
    return sum(
        (table[:, order[j]] > table[:, order[i]]).sum()
        for i in range(len(order))
        for j in range(i + 1, len(order))
    )


def test_borda_worked_by_hand():
    """a beats both, then one of two; b one, then both; c none: shares ¾, ¾, 0."""
    np.testing.assert_allclose(borda([[3, 2, 1], [2, 3, 1]]), [0.75, 0.75, 0])
    np.testing.assert_allclose(borda([[1, 1]]), [0.5, 0.5])


def test_borda_counts_only_the_rankings_that_hold_the_one():
    nan = np.nan
    np.testing.assert_allclose(borda([[3, 2, nan], [2, 1, 3]]), [(1 + 0.5) / 2, 0, 1])
    assert np.isnan(borda([[1, nan], [2, nan]])).all()


def test_kemeny_finds_the_best_order_there_is():
    generator = np.random.default_rng(0)
    for n in (2, 3, 5, 6):
        table = generator.random((5, n))
        table[0, 0] = np.nan
        found = kemeny(table)
        best = min(against(table, order) for order in permutations(range(n)))
        assert found.is_exact
        assert sorted(found.order) == list(range(n))
        assert found.n_against == best == against(table, found.order)


def test_condorcets_winner_comes_first():
    assert kemeny([[3, 2, 1], [3, 1, 2], [1, 3, 2]]).order[0] == 0


def test_beyond_the_exact_it_is_never_worse_than_borda_and_says_so():
    generator = np.random.default_rng(1)
    for _ in range(5):
        table = generator.random((7, 9))
        found = kemeny(table, most_exact=0)
        exact = kemeny(table)
        assert not found.is_exact
        assert exact.n_against <= found.n_against
        assert found.n_against <= against(table, np.argsort(-borda(table)).tolist())
        assert found.n_against == against(table, found.order)


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_are_no_trouble(n):
    assert sorted(kemeny(np.ones((3, n))).order) == list(range(n))
