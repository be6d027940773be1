"""Many raters: from per-item counts to Krippendorff's α and Fleiss' κ."""

import hypothesis.extra.numpy as arrays
import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.alpha import alpha_interval, alpha_nominal, alpha_ordinal
from measures.bootstrap import Tally, bootstrap, percentile_interval
from measures.kappa import kappa
from measures.pairs import item_pairs, value_pairs
from measures.pi import pi_of_grade, scott_pi, specific_agreement

LEVELS = [(alpha_nominal, "nominal"), (alpha_ordinal, "ordinal"), (alpha_interval, "interval")]
MISSING = np.nan

# Krippendorff (2011), section C: four observers, twelve units, values 1 to 5, some missing
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, MISSING, MISSING, MISSING],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, MISSING, 3],
        [MISSING, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, MISSING],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, MISSING],
    ]
)

# Fourteen raters, ten items, five grades: the example that goes with Fleiss' κ in textbooks
FOURTEEN = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
item_counts = arrays.arrays(np.int64, (6, 4), elements=st.integers(0, 5))


def counts_of(observers, values):
    return np.array([[(unit == value).sum() for value in values] for unit in observers.T])


def one_table(pairs, counts, **options):
    counts = np.asarray(counts)
    return pairs(counts, np.zeros(len(counts)), n_queries=1, **options)[0]


@pytest.mark.parametrize(
    ("measure", "published"), [(alpha_nominal, 0.743), (alpha_ordinal, 0.815), (alpha_interval, 0.849)]
)
def test_alpha_of_krippendorffs_four_observers(measure, published):
    table = one_table(value_pairs, counts_of(OBSERVERS, range(1, 6)))
    assert measure(table, range(1, 6)) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(("measure", "level"), LEVELS)
@pytest.mark.parametrize("values", [(0, 1, 2, 3), (-1, 0, 2, 10)])
def test_alpha_of_many_raters_is_that_of_the_krippendorff_package(measure, level, values):
    generator = np.random.default_rng(3)
    for _ in range(30):
        counts = generator.poisson(generator.choice([0.3, 1, 4]), size=(25, 4))
        table = one_table(value_pairs, counts)
        theirs = krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level)
        assert measure(table, values) == pytest.approx(theirs, abs=1e-12)


def test_fleiss_kappa_of_fourteen_raters():
    # P̄ = 0.378, P_e = 0.213, κ = (0.378 − 0.213) / (1 − 0.213) = 0.210
    table = one_table(item_pairs, FOURTEEN)
    assert np.trace(table) / table.sum() == pytest.approx(0.378, abs=5e-4)
    assert scott_pi(table, range(5)) == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_is_its_formula():
    n = FOURTEEN.sum(axis=1)[0]
    agreeing = ((FOURTEEN**2).sum(axis=1) - n) / (n * (n - 1))
    shares = FOURTEEN.sum(axis=0) / FOURTEEN.sum()
    by_chance = (shares**2).sum()
    assert scott_pi(one_table(item_pairs, FOURTEEN), range(5)) == pytest.approx(
        (agreeing.mean() - by_chance) / (1 - by_chance)
    )


def test_fleiss_kappa_of_one_grade_is_its_formula():
    # Fleiss (1971), equation 19: κ_j = 1 − Σ n_ij (n − n_ij) / (N n (n − 1) p_j q_j)
    table = one_table(item_pairs, FOURTEEN)
    for position in range(5):
        given_by = FOURTEEN[:, position]
        share = given_by.sum() / 140
        expected = 1 - (given_by * (14 - given_by)).sum() / (10 * 14 * 13 * share * (1 - share))
        assert pi_of_grade(table, range(5), position) == pytest.approx(expected)


def test_items_with_other_numbers_of_raters_by_hand():
    # Item 1: grades 0 0 1 (three raters), item 2: 1 1 (two), item 3: 0 (one, no pair).
    # P_1 = 2/6, P_2 = 1; shares by item: 0 → (2/3 + 0)/2 = 1/3, 1 → 2/3; P_e = 1/9 + 4/9 = 5/9
    counts = [[2, 1], [0, 2], [1, 0]]
    table = one_table(item_pairs, counts)
    assert table.sum() == pytest.approx(2)
    assert scott_pi(table, (0, 1)) == pytest.approx(((2 / 3) - 5 / 9) / (4 / 9))
    # α: coincidences 0–0: 2/2 = 1, 0–1: 2/2 = 1, 1–1: 2/1 = 2; n = 5, n₀ = 2, n₁ = 3
    # α = 1 − (5 − 1) · 2/(2 · 2 · 3)
    assert alpha_nominal(one_table(value_pairs, counts), (0, 1)) == pytest.approx(1 - 4 * 2 / 12)


def test_specific_agreement_by_hand():
    # Pairs: both 0 three times, one 0 and one 1 twice each way, both 1 five times: 0 → 3/(3 + 2), 1 → 5/7
    table = np.array([[3, 2], [2, 5]])
    assert specific_agreement(table, (0, 1), 0) == pytest.approx(3 / 5)
    assert specific_agreement(table, (0, 1), 1) == pytest.approx(5 / 7)


def test_scott_pi_of_two_raters_by_hand():
    # T = 20 5 / 10 15: P_o = 0.7, shares 55/100 and 45/100, P_e = 0.505, π = 0.195/0.495
    assert scott_pi(np.array([[20, 5], [10, 15]]), (0, 1)) == pytest.approx(0.195 / 0.495)


def test_items_alike_may_be_told_once():
    amounts = [1, 3, 2]
    once = one_table(value_pairs, FOURTEEN[:3], amounts=amounts)
    np.testing.assert_allclose(once, one_table(value_pairs, np.repeat(FOURTEEN[:3], amounts, axis=0)))


def test_queries_stay_apart():
    tables = item_pairs([[2, 0], [1, 1], [0, 2]], [2, 0, 2], n_queries=3)
    assert tables.sum(axis=(1, 2)).tolist() == [1, 0, 2]


@pytest.mark.parametrize("pairs", [value_pairs, item_pairs])
@pytest.mark.parametrize(
    ("counts", "queries"), [([[1, -1]], [0]), ([[1, 1]], [1]), ([[1, 1]], [0, 0]), ([1, 1], [0, 0])]
)
def test_counts_that_make_no_sense_are_refused(pairs, counts, queries):
    with pytest.raises(ValueError):
        pairs(counts, queries, n_queries=1)


@given(counts=item_counts)
def test_with_two_raters_on_every_item_items_and_values_weigh_the_same(counts):
    two = np.array([np.bincount(np.argsort(-row, kind="stable")[:2], minlength=4) for row in counts])
    np.testing.assert_allclose(one_table(value_pairs, two), one_table(item_pairs, two))


@given(counts=item_counts, order=st.permutations(range(4)))
def test_nominal_measures_of_many_raters_do_not_care_which_grade_is_which(counts, order):
    for pairs, measure in ((value_pairs, alpha_nominal), (item_pairs, scott_pi)):
        one, other = (measure(one_table(pairs, each), range(4)) for each in (counts, counts[:, order]))
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@given(counts=item_counts)
def test_many_raters_who_agree_wholly_reach_one(counts):
    agreed = np.diag(counts.sum(axis=0) + 2)
    assert alpha_ordinal(one_table(value_pairs, agreed), range(4)) == 1
    assert scott_pi(one_table(item_pairs, agreed), range(4)) == 1


@given(m=st.lists(st.integers(2, 9), min_size=1, max_size=6), grade=st.integers(0, 3))
def test_one_grade_only_is_undefined_for_many_raters_too(m, grade):
    counts = np.zeros((len(m), 4), dtype=int)
    counts[:, grade] = m
    assert np.isnan(scott_pi(one_table(item_pairs, counts), range(4)))
    assert np.isnan(alpha_ordinal(one_table(value_pairs, counts), range(4)))
    assert np.isnan(pi_of_grade(one_table(item_pairs, counts), range(4), grade))


@pytest.mark.parametrize("measure", [scott_pi, alpha_nominal])
def test_raters_who_deal_out_grades_at_random_reach_about_zero(measure):
    counts = np.random.default_rng(1).multinomial(5, [0.4, 0.3, 0.2, 0.1], size=4_000)
    assert measure(one_table(item_pairs, counts), range(4)) == pytest.approx(0, abs=0.02)


def test_the_interval_over_queries_covers_the_value():
    generator = np.random.default_rng(5)
    counts = (
        generator.multinomial(3, [0.5, 0.3, 0.2], size=300)
        + np.eye(3, dtype=int)[generator.integers(0, 3, 300)]
    )
    tables = value_pairs(counts, np.arange(300) // 10, n_queries=30)
    tally = Tally(tables, {"alpha": lambda each: alpha_nominal(each, range(3))})
    (replicates,) = bootstrap([tally], replicates=500, seed=0)
    low, high = percentile_interval(replicates["alpha"], n_queries=30)
    assert low < alpha_nominal(tables.sum(axis=0), range(3)) < high


def test_pairwise_kappa_takes_joint_counts_of_all_raters_at_once():
    joint = np.random.default_rng(2).integers(0, 20, size=(3, 3, 4, 4))
    matrix = kappa(joint, range(4))
    assert matrix.shape == (3, 3)
    assert matrix[1, 2] == kappa(joint[1, 2], range(4))
