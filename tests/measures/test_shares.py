"""Intervals of shares: Wilson's by hand and beside statsmodels, and coverage where items go together."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from measures.shares import clustered_wilson, wilson


def test_wilson_worked_by_hand():
    """2 of 10, z = 1.96: (0.2 + 0.19207 ± 1.96 √(0.016 + 0.0096)) / 1.38415 = 0.28326 ± 0.22658."""
    low, high = wilson(2, 10)
    assert (low, high) == pytest.approx((0.0567, 0.5098), abs=1e-4)


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (1, 1), (3, 40), (399, 400)])
def test_wilson_agrees_with_statsmodels(hits, n):
    assert wilson(hits, n) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-12)


def test_without_items_there_is_no_interval():
    assert np.isnan(wilson(0, 0)).all()
    assert np.isnan(clustered_wilson(np.zeros((3, 1)), np.zeros((3, 1)))).all()


def test_one_item_a_query_is_plain_wilson():
    hits = np.array([1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    share, low, high = clustered_wilson(hits, np.ones(10))
    assert share == 0.2
    np.testing.assert_allclose((low, high), wilson(2, 10))


def test_items_that_are_all_alike_within_queries_count_as_one():
    """20 queries of 5 items, all hits or none: 6 of 20 queries.

    Residuals ±: 6 · (5 · 0.7)² + 14 · (5 · 0.3)² = 105; variance 20/19 · 105 / 100² = 0.011053; binomial
    0.21 / 100 = 0.0021; so 100 items tell as much as 100 / 5.263 = 19, times (1.96 / 2.093)² = 16.66.
    """
    hits = np.repeat([5, 0], [6, 14])
    share, low, high = clustered_wilson(hits, np.full(20, 5))
    assert share == pytest.approx(0.3)
    np.testing.assert_allclose((low, high), wilson(0.3 * 16.661, 16.661), atol=1e-4)


def test_items_that_go_together_no_more_than_chance_are_not_counted_double():
    """2 queries of 50, 10 hits each: no variance between them, so deff is 1, never less; t of 1 is 12.7."""
    _, low, high = clustered_wilson([10, 10], [50, 50])
    n = 100 * (1.959964 / 12.706205) ** 2
    np.testing.assert_allclose((low, high), wilson(0.2 * n, n), atol=1e-6)


def test_without_any_hit_each_query_counts_as_one_item():
    """30 items of 3 queries: as if 3 items with t of 2 (4.303), n = 3 · (1.96 / 4.303)² = 0.6225."""
    share, low, high = clustered_wilson([0, 0, 0], [10, 10, 10])
    assert (share, low) == (0, 0)
    assert high == pytest.approx(wilson(0, 3 * (1.959964 / 4.302653) ** 2)[1], abs=1e-6)


def test_items_of_one_query_say_nothing_about_others():
    share, low, high = clustered_wilson([3], [10])
    assert share == 0.3
    assert np.isnan([low, high]).all()


def test_many_shares_at_once_are_each_as_alone():
    generator = np.random.default_rng(1)
    n = generator.integers(0, 6, (12, 7))
    hits = generator.binomial(n, 0.3)
    together = np.array(clustered_wilson(hits, n))
    alone = np.array([clustered_wilson(hits[:, i], n[:, i]) for i in range(7)]).T
    np.testing.assert_array_equal(together, alone)


def test_it_covers_the_truth_where_wilson_does_not():
    """30 queries of 1 to 15 items whose chance is the query's own, Beta(0.5, 2): mean 0.2."""
    generator = np.random.default_rng(0)
    covered = {"clustered": [], "independent": []}
    for _ in range(800):
        n = generator.integers(1, 16, 30)
        hits = generator.binomial(n, generator.beta(0.5, 2.0, 30))
        _, low, high = clustered_wilson(hits, n)
        covered["clustered"].append(low <= 0.2 <= high)
        low, high = wilson(hits.sum(), n.sum())
        covered["independent"].append(low <= 0.2 <= high)
    assert 0.92 <= np.mean(covered["clustered"]) <= 0.98
    assert np.mean(covered["independent"]) < 0.8
