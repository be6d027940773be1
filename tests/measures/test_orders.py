import numpy as np
import pytest
from scipy import stats

from measures.orders import (
    Inversion,
    inversions,
    kendall_tau,
    pair_agreement,
    paired_t_p,
    rbo,
    spearman_rho,
    tau_ap,
)

MEASURES = [kendall_tau, tau_ap, spearman_rho, rbo]


def scores(n: int = 12, *, seed: int = 0, batch: int = 5, levels: int | None = None):
    generator = np.random.default_rng(seed)
    one, two = generator.random((2, batch, n))
    two = two + one
    return (np.rint(one * levels), np.rint(two * levels)) if levels else (one, two)


@pytest.mark.parametrize("levels", [None, 4])
def test_scipy_says_the_same_with_and_without_ties(levels):
    one, two = scores(levels=levels)
    for a, b, tau, rho in zip(one, two, kendall_tau(one, two), spearman_rho(one, two), strict=True):
        assert tau == pytest.approx(stats.kendalltau(a, b).statistic)
        assert rho == pytest.approx(stats.spearmanr(a, b).statistic)


def test_tau_ap_worked_by_hand():
    """The judge's order b, a, c for the true a, b, c: 2/2 · (0/1 + 2/2) − 1 = 0; τ is 1/3.

    The same mistake at the bottom, a, c, b, costs less: (1 + 1/2) − 1 = ½.
    """
    true = [3, 2, 1]
    assert tau_ap(true, [2, 3, 1]) == pytest.approx(0)
    assert tau_ap(true, [3, 1, 2]) == pytest.approx(0.5)
    assert kendall_tau(true, [2, 3, 1]) == pytest.approx(1 / 3)


def test_tau_ap_is_what_its_definition_says():
    one, two = scores()
    for a, b, value in zip(one, two, tau_ap(one, two), strict=True):
        order = np.argsort(-b)
        shares = [sum(a[order[j]] > a[order[i]] for j in range(i)) / i for i in range(1, len(order))]
        assert value == pytest.approx(2 * np.mean(shares) - 1)


def test_rbo_is_what_its_definition_says():
    one, two = scores(n=8)
    for a, b, value in zip(one, two, rbo(one, two, p=0.8), strict=True):
        first, second = np.argsort(-a).tolist(), np.argsort(-b).tolist()
        overlap = [len(set(first[:d]) & set(second[:d])) for d in range(1, 9)]
        expected = overlap[-1] / 8 * 0.8**8
        expected += (0.2 / 0.8) * sum(x / d * 0.8**d for d, x in enumerate(overlap, start=1))
        assert value == pytest.approx(expected)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_same_order_is_one_whatever_the_scores(measure):
    assert measure([1, 2, 5], [10, 20, 21]) == pytest.approx(1)


@pytest.mark.parametrize("measure", [kendall_tau, tau_ap, spearman_rho])
def test_the_reverse_is_minus_one_and_chance_is_zero(measure):
    assert measure([1, 2, 5], [3, 2, 1]) == pytest.approx(-1)
    generator = np.random.default_rng(2)
    assert measure(*generator.random((2, 4_000, 10))).mean() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("measure", MEASURES)
def test_many_replicates_at_once_are_each_alone(measure):
    one, two = scores(levels=5)
    alone = [float(measure(a, b)) for a, b in zip(one, two, strict=True)]
    np.testing.assert_allclose(measure(one, two), alone)


def test_without_an_order_there_is_nothing_to_compare():
    for measure in (kendall_tau, spearman_rho):
        assert np.isnan(measure([1, 1, 1], [1, 2, 3]))
    assert np.isnan(tau_ap([1.0], [1.0]))
    assert np.isnan(tau_ap([1, 2], [3, 3])) == np.False_  # a tie is half right
    assert tau_ap([1, 2], [3, 3]) == pytest.approx(0)
    with pytest.raises(ValueError):
        kendall_tau([1, 2], [1, 2, 3])


def test_the_largest_inversions_come_first():
    reference, other = [0.9, 0.5, 0.4, 0.1], [0.4, 0.5, 0.45, 0.1]
    first, second = inversions(reference, other)
    assert first == Inversion(0, 1, pytest.approx(0.4), pytest.approx(0.1))
    assert second == Inversion(0, 2, pytest.approx(0.5), pytest.approx(0.05))
    assert len(inversions(reference, other, most=1)) == 1


def test_paired_t_is_scipys():
    table = np.random.default_rng(3).random((5, 30))
    table[1] = table[0]
    p = paired_t_p(table)
    assert p[0, 1] == 1
    assert p[2, 4] == pytest.approx(stats.ttest_rel(table[2], table[4]).pvalue)
    np.testing.assert_array_equal(p, p.T)
    assert np.isnan(paired_t_p(table[:, :1])).all()


def test_pairs_are_sorted_by_what_each_label_set_finds():
    """System 0 is far above 1 for people and far below for the judge; 2 is like 1 for people only."""
    generator = np.random.default_rng(5)
    noise = generator.normal(0, 0.01, (3, 40))
    people = np.array([[1.0], [0.5], [0.5]]) + noise
    judge = np.array([[0.2], [0.5], [0.9]]) + noise
    found = pair_agreement(people, judge)
    assert found.n_pairs == 3
    assert (found.contradict, found.only_other, found.alike) == (2, 1, 0)
    itself = pair_agreement(people, people)
    assert (itself.alike, itself.contradict, itself.neither) == (2, 0, 1)
