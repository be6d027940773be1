from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from bench.simulated_answers import PLANNED, simulate
from measures.contrasts import (
    Conclusion,
    Side,
    compare_sides,
    conclude,
    equivalent,
    sides,
    together,
)
from measures.estimates import Estimate
from measures.proportions import cohen_h


def one(first, second, *, repeats=1, **options):
    """The change from one cell to another, of numbers of right answers by item."""
    n = np.full((1, len(first)), float(repeats))
    (found,) = compare_sides(
        Side(np.array([first], dtype=float), n), Side(np.array([second], dtype=float), n), **options
    )
    return found


def compared(*shifts, **options):
    """The planned changes of judges, adjusted for each other."""
    made = [
        simulate(each, **options | {"seed": [options.get("seed", 0), place]})
        for place, each in enumerate(shifts)
    ]
    right, asked = (np.stack(each) for each in zip(*made, strict=True))
    return together(compare_sides(*sides(right, asked, PLANNED), replicates=200, permutations=2_000))


def test_one_answer_an_item_is_mcnemars_exact_test_by_hand():
    """Ten items: 5 right twice, 4 lost, 1 gained: 0.9 → 0.6, h, odds 1/4, p = 2 · (1 + 5)/32."""
    first, second = [1] * 5 + [1] * 4 + [0], [1] * 5 + [0] * 4 + [1]
    found = one(first, second)
    assert (found.n_items, found.lost, found.gained, found.odds_ratio) == (10, 4, 1, 0.25)
    assert (found.first, found.second) == (0.9, 0.6)
    assert found.difference.value == pytest.approx(-0.3)
    assert found.h == pytest.approx(cohen_h(0.9, 0.6))
    assert found.p == pytest.approx(2 * 6 / 32)
    assert found.p == pytest.approx(mcnemar([[5, 4], [1, 0]], exact=True).pvalue)


def test_where_nothing_changed_p_is_1_and_few_items_prove_no_immunity():
    few, many = one([1] * 10, [1] * 10), one([1] * 200, [1] * 200)
    assert (few.p, few.lost, few.gained) == (1.0, 0, 0)
    assert np.isnan(few.odds_ratio)
    assert few.p_equivalence > 0.05 > many.p_equivalence


def test_the_flips_of_few_items_are_all_of_them_by_hand():
    """Two items fell by 2/3, one rose by 1/3: sums of ±2 ±2 ±1 are as far from 0 as 3 in 4 of 8 flips."""
    flips = [abs(sum(each)) >= 3 for each in product((2, -2), (2, -2), (1, -1))]
    assert sum(flips) == 4
    found = one([3, 3, 1, 2], [1, 1, 2, 2], repeats=3, permutations=40_000)
    assert found.p == pytest.approx(0.5, abs=0.01)
    assert (found.lost, found.gained) == (2, 1)
    assert found.difference.value == pytest.approx((-2 - 2 + 1) / 3 / 4)


def test_copied_repeats_give_the_p_of_one_answer():
    """Each answer three times over: signs flip with the item, so p is McNemar's but for the draws."""
    generator = np.random.default_rng(3)
    first, second = (generator.random((2, 120)) < [[0.75], [0.62]]).astype(int)
    single, triple = one(first, second), one(first * 3, second * 3, repeats=3, permutations=40_000)
    assert triple.p == pytest.approx(single.p, abs=0.01)
    assert triple.difference == pytest.approx(single.difference)
    assert (triple.lost, triple.gained) == (single.lost, single.gained)


def test_an_item_without_an_answer_on_one_side_is_dropped_and_counted():
    first = Side(np.array([[1.0, 1, 0, 0, 1]]), np.array([[1.0, 1, 1, 0, 0]]))
    second = Side(np.array([[0.0, 0, 1, 1, 0]]), np.array([[1.0, 0, 1, 1, 0]]))
    (found,) = compare_sides(first, second)
    assert (found.n_items, found.n_dropped) == (2, 2)
    assert (found.first, found.second, found.lost, found.gained) == (0.5, 0.5, 1, 1)
    (nothing,) = compare_sides(first, Side(second.right, second.asked * 0))
    assert (nothing.n_items, nothing.n_dropped) == (0, 3)
    assert np.isnan([nothing.p, *nothing.difference]).all()


def test_equivalence_is_statsmodels_tost():
    generator = np.random.default_rng(1)
    first, second = generator.integers(0, 4, (2, 300)) / 3
    p, _, _ = ttost_paired(second, first, -0.05, 0.05)
    ours, (low, high) = equivalent(second - first, step=1 / 3)
    assert ours == pytest.approx(p)
    assert (low + high) / 2 == pytest.approx((second - first).mean())


def test_equivalence_and_its_interval_say_the_same():
    for seed in range(60):
        changes = np.random.default_rng(seed).choice([-1, 0, 1], p=[0.06, 0.9, 0.04], size=400)
        p, (low, high) = equivalent(changes)
        assert (p < 0.05) == (low > -0.05 and high < 0.05)


def test_items_that_all_stay_have_the_least_variance_that_a_change_of_the_margin_has():
    """δ − δ² = 0.0475 a change, so z = 0.05 / √(0.0475 / 100) = 2.294 with 99 degrees of freedom."""
    from scipy.stats import t

    p, _ = equivalent(np.zeros(100))
    assert p == pytest.approx(t.sf(0.05 / np.sqrt(0.0475 / 100), 99))
    assert np.isnan(equivalent([0.0])[0])


def test_all_changes_of_a_page_are_one_family():
    changes = compared({"N1": -0.05, "T1": -0.05}, {"T0": 0.03}, n_items=400)
    p = [change.p for change in changes]
    assert len(p) == 10
    np.testing.assert_allclose([change.p_holm for change in changes], multipletests(p, method="holm")[1])
    np.testing.assert_allclose(
        [change.p_bonferroni for change in changes], multipletests(p, method="bonferroni")[1]
    )


@pytest.mark.parametrize(
    ("difference", "p_holm", "p_equivalence", "conclusion"),
    [
        ((-0.10, -0.15, -0.05), 0.01, 1.0, Conclusion.COLLAPSED),
        ((-0.099, -0.15, -0.05), 0.01, 1.0, Conclusion.DEGRADED),
        ((-0.30, -0.62, 0.01), 0.06, 1.0, Conclusion.INCONCLUSIVE),
        ((0.07, 0.04, 0.10), 0.01, 1.0, Conclusion.IMPROVED),
        ((0.0, -0.06, 0.06), 1.0, 0.2, Conclusion.INCONCLUSIVE),
        ((0.0, -0.04, 0.04), 1.0, 0.01, Conclusion.IMMUNE),
        ((-0.02, -0.051, 0.01), 1.0, 0.04, Conclusion.INCONCLUSIVE),  # 90 % within the margin, 95 % not
        ((0.0, 0.0, 0.0), 1.0, 0.3, Conclusion.INCONCLUSIVE),  # too few items to prove anything
        ((-0.02, -0.03, -0.01), 0.001, 0.001, Conclusion.IMMUNE),
        ((float("nan"),) * 3, float("nan"), float("nan"), Conclusion.INCONCLUSIVE),
    ],
)
def test_conclusions_by_rule(difference, p_holm, p_equivalence, conclusion):
    change = one([1, 0], [1, 0])._replace(
        difference=Estimate(*difference), p_holm=p_holm, p_equivalence=p_equivalence
    )
    assert conclude(change) == conclusion


@given(arrays(np.int8, (2, 12), elements=st.integers(0, 2)))
def test_a_change_read_backwards_is_its_negative(answers):
    there, back = (
        one(*each, repeats=2, replicates=50, permutations=500) for each in (answers, answers[::-1])
    )
    assert there.difference.value == pytest.approx(-back.difference.value)
    assert (there.lost, there.gained, there.p) == (back.gained, back.lost, back.p)
    assert there.p_equivalence == pytest.approx(back.p_equivalence)
    assert there.h == pytest.approx(-back.h)


def test_the_interval_is_that_of_resampled_items():
    right, asked = simulate({"N1": -0.1}, n_items=500, repeats=3, seed=9)
    (found,) = compare_sides(*sides(right[None], asked[None], [(0, 1)]))
    changes = (right[1] - right[0]) / 3
    half = 1.96 * changes.std(ddof=1) / np.sqrt(500)
    assert (found.difference.high - found.difference.low) / 2 == pytest.approx(half, rel=0.03)


def test_a_collapse_is_named_no_effect_is_none_and_immune_is_what_lies_within_the_margin():
    """Twelve of the simulations of `make bench-measures`: 1,000 items, 20 % discordance, −20 points."""
    n_named = n_effects = 0
    for seed in range(12):
        changes = compared({"N1": -0.2, "T1": -0.2, "B1": -0.2}, {}, seed=seed)
        collapsed = [change.conclusion for change in changes[:5]]
        n_named += collapsed[0] == collapsed[1] == collapsed[4] == Conclusion.COLLAPSED
        assert Conclusion.IMMUNE not in (collapsed[0], collapsed[1], collapsed[4])
        n_effects += any(
            change.conclusion not in (Conclusion.IMMUNE, Conclusion.INCONCLUSIVE) for change in changes[5:]
        )
    assert n_named == 12
    assert n_effects <= 1
