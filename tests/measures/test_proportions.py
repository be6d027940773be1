import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from measures.proportions import (
    clustered_share,
    cohen_h,
    mcnemar_mid_p,
    smallest_difference,
    smallest_paired_difference,
    smallest_unpaired_difference,
)
from measures.shares import wilson


def test_no_answers_have_no_interval():
    assert np.isnan(clustered_share([], [])).all()
    assert np.isnan(clustered_share([0, 0], [0, 0])).all()


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_one_answer_an_item_is_plain_wilson(answers):
    found = clustered_share(np.array(answers, dtype=int), np.ones(len(answers)))
    assert found == pytest.approx((np.mean(answers), *map(float, wilson(sum(answers), len(answers)))))


def test_repeats_that_are_copies_add_nothing_and_independent_ones_count_in_full():
    generator = np.random.default_rng(2)
    own = generator.random(400) < 0.7
    copies = clustered_share(own * 3, np.full(400, 3))
    assert copies == pytest.approx((own.mean(), *map(float, wilson(own.sum(), 400))))
    independent = (generator.random((400, 3)) < 0.7).sum(axis=1)
    found = clustered_share(independent, np.full(400, 3))
    low, high = wilson(independent.sum(), 1_200)
    assert found.high - found.low == pytest.approx(high - low, rel=0.08)


def test_the_design_effect_by_hand():
    """k = 2, 0, 1 of n = 2 each: p = ½, spread 1 + 1 + 0 = 2, effective 36·¼/2 = 4.5 of 6 answers."""
    found = clustered_share([2, 0, 1], [2, 2, 2])
    assert found == pytest.approx((0.5, *map(float, wilson(2.25, 4.5))))


def test_clustered_intervals_hold_the_truth():
    """Chances of items are Beta(3, 1): mean ¾. Of 600 collections about 95 % of intervals hold it."""
    held = 0
    for seed in range(600):
        generator = np.random.default_rng(seed)
        k = generator.binomial(3, generator.beta(3, 1, 120))
        found = clustered_share(k, np.full(120, 3))
        held += found.low <= 0.75 <= found.high
    assert 0.925 < held / 600 < 0.975


@given(st.floats(0, 1), st.floats(0, 1))
def test_cohens_h_is_statsmodels(first, second):
    assert cohen_h(first, second) == pytest.approx(proportion_effectsize(second, first), abs=1e-9)


def test_mid_p_takes_half_of_what_was_seen_off():
    """3 against 9: exact 2 · P(X ≤ 3), mid-p less P(X = 3), for X of Binomial(12, ½)."""
    exact = mcnemar([[0, 3], [9, 0]], exact=True).pvalue
    assert mcnemar_mid_p(3, 9) == pytest.approx(exact - binom.pmf(3, 12, 0.5))
    assert mcnemar_mid_p(9, 3) == mcnemar_mid_p(3, 9)
    assert np.isnan(mcnemar_mid_p(0, 0))


def test_the_unpaired_figure_is_the_one_of_the_literature():
    """p about 0.75, 80 % power, 5 % over 11 tests: 873 items show 7.6 points, 200 items 15.9."""
    assert smallest_unpaired_difference(873, n_tests=11) == pytest.approx(0.0763, abs=5e-5)
    assert smallest_unpaired_difference(200, n_tests=11) == pytest.approx(0.1593, abs=5e-5)


def test_the_unpaired_figure_is_found_with_that_power():
    """In units of the standard deviation √(p(1 − p)) it is the effect size of a z-test of two samples."""
    size = smallest_unpaired_difference(300, share=0.6) / np.sqrt(0.6 * 0.4)
    power = NormalIndPower().power(size, 300, 0.05, alternative="two-sided")
    assert power == pytest.approx(0.8, abs=1e-3)


def test_from_a_standard_error_it_is_the_sum_of_two_quantiles():
    """1.960 + 0.842 = 2.802 errors; the unpaired figure is that of √(2 p (1 − p)/n)."""
    assert smallest_difference(0.01) == pytest.approx(0.02802, abs=1e-5)
    error = np.sqrt(2 * 0.75 * 0.25 / 873)
    assert smallest_difference(error, n_tests=11) == smallest_unpaired_difference(873, n_tests=11)


def test_the_paired_figure_is_found_with_that_power():
    """Items of which 20 % change, by the smallest difference on balance: four in five samples show it."""
    difference = smallest_paired_difference(600, discordance=0.2)
    generator = np.random.default_rng(5)
    changes = generator.multinomial(600, [0.8, 0.1 + difference / 2, 0.1 - difference / 2], size=4_000)
    gained, lost = changes[:, 1], changes[:, 2]
    z = (gained - lost) / np.sqrt(gained + lost)
    assert (np.abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.02)


def test_repeats_that_tell_nothing_new_do_not_help_and_independent_ones_count_as_items():
    one = smallest_paired_difference(500)
    assert smallest_paired_difference(500, repeats=4, intra_item=1.0) == pytest.approx(one)
    many = smallest_paired_difference(2_000)
    assert smallest_paired_difference(500, repeats=4, intra_item=0.0) == pytest.approx(many)
    assert many < smallest_paired_difference(500, repeats=4, intra_item=0.5) < one


def test_few_items_show_only_what_goes_all_one_way_and_very_few_nothing():
    """With 30 items and ten tests no 20 % discordance is enough: ψ = Δ, and √30 Δ = a √Δ + b √(Δ − Δ²)."""
    found = smallest_paired_difference(30, n_tests=10)
    assert found > 0.2
    a, b = 2.807034, 0.841621
    assert np.sqrt(30) * found == pytest.approx(a * np.sqrt(found) + b * np.sqrt(found - found**2), rel=1e-4)
    assert np.isnan(smallest_paired_difference(7, n_tests=10))
    assert np.isnan(smallest_paired_difference(0))


@given(st.integers(20, 5_000), st.integers(1, 60), st.floats(0.05, 0.9))
def test_more_items_show_less(n, n_tests, discordance):
    found, more = (
        smallest_paired_difference(each, n_tests=n_tests, discordance=discordance) for each in (n, 2 * n)
    )
    assert np.isnan(found) or 0 < more < found <= 1
