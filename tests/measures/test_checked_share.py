"""The share of relevant ones in a checked sample: worked by hand, and how often its interval covers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

from measures.checked_share import checked_share


def test_one_item_a_query_gives_wilsons_interval_with_students_t():
    # Clusters of one: the design effect is (n/(n−1) · Σ(x−p)²/n²) / (p(1−p)/(n−1)) = 1.
    checked = [1] * 6 + [0] * 94
    found = checked_share(checked, range(100))
    z = student.ppf(0.975, 99)
    centre = (0.06 + z**2 / 200) / (1 + z**2 / 100)
    reach = z * np.sqrt(0.06 * 0.94 / 100 + z**2 / 40_000) / (1 + z**2 / 100)
    assert found == pytest.approx((0.06, centre - reach, centre + reach))
    # With very many queries t is the normal quantile, and the interval statsmodels' Wilson interval.
    many = checked_share([1] * 600 + [0] * 9400, range(10_000))
    assert many[1:] == pytest.approx(proportion_confint(600, 10_000, method="wilson"), abs=1e-4)


def test_items_that_go_together_count_for_fewer():
    # Ten queries with ten items each, all alike within a query: p = 0.2, and
    # v = 10/9 · (2·8² + 8·2²)/100² = 0.01778, over p(1−p)/99 = 0.001616 a design effect of 11:
    # n counts as 100/11.
    together = checked_share(np.repeat([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], 10), np.repeat(np.arange(10), 10))
    apart = checked_share([1] * 20 + [0] * 80, range(100))
    n, z = 100 / 11, student.ppf(0.975, 9)
    reach = z * np.sqrt(0.16 / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert together.high - together.low == pytest.approx(2 * reach)
    assert together.value == apart.value == 0.2
    assert together.low < apart.low
    assert together.high > apart.high


def test_none_found_is_no_proof_that_there_is_none():
    # p = 0: from 0 to z²/(n + z²).
    found = checked_share([0] * 50, range(50))
    z = student.ppf(0.975, 49)
    assert found == pytest.approx((0, 0, z**2 / (50 + z**2)))


def test_one_query_tells_nothing_about_others():
    assert all(np.isnan(each) for each in checked_share([0, 1, 1], [4, 4, 4]))
    assert all(np.isnan(each) for each in checked_share([], []))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=2, max_size=60))
def test_the_interval_holds_the_share_and_stays_between_zero_and_one(rows):
    found = checked_share([x for x, _ in rows], [q for _, q in rows])
    if len({q for _, q in rows}) > 1:
        assert 0 <= found.low <= found.value <= found.high <= 1
