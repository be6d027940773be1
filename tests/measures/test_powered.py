import numpy as np
import pytest

from measures.powered import powered_mean

NAN = float("nan")


def test_worked_by_hand():
    """Four queries of one item; the judge says 1, 1, 0, 0, people 1 and 0 of the first and third (chance ½).

    People's mean ½, moved by +¼, 0, −¼, 0; the judge's moved by ⅛, ⅛, −⅛, −⅛, on the graded by ¼, 0, −¼, 0:
    the mending −⅛, ⅛, ⅛, −⅛. λ = (¼·⅛ + ¼·⅛) / (4/64) = 1. Estimate ½ + 1 · (½ − ½).
    """
    found = powered_mean([1, 1, 0, 0], [1, NAN, 0, NAN], [0.5] * 4, range(4))
    assert found.trust == pytest.approx(1)
    assert found.powered.value == pytest.approx(0.5)
    assert found.judge_only == 0.5
    assert (found.n_items, found.n_graded, found.n_queries) == (4, 2, 4)


def test_one_item_a_query_and_even_chances_is_the_plain_formula():
    """PPI++ without clusters: mean f·λ + mean(y − λf) over the graded (ppi-python agrees in the limit)."""
    generator = np.random.default_rng(0)
    truth = (generator.random(2_000) < 0.3).astype(float)
    judge = np.where(generator.random(2_000) < 0.9, truth, 1 - truth)
    asked = np.zeros(2_000, dtype=bool)
    asked[generator.permutation(2_000)[:200]] = True
    found = powered_mean(judge, np.where(asked, truth, NAN), np.full(2_000, 0.1), range(2_000))
    plain = found.trust * judge.mean() + (truth[asked] - found.trust * judge[asked]).mean()
    assert found.powered.value == pytest.approx(plain)
    spread = np.var(found.trust * judge, ddof=1) / 2_000
    spread += np.var(truth[asked] - found.trust * judge[asked], ddof=1) / 200
    assert width(found.powered) == pytest.approx(2 * 1.96 * np.sqrt(spread), rel=0.02)


def width(estimate) -> float:
    return estimate.high - estimate.low


def test_a_good_judge_narrows_the_interval_and_a_useless_one_costs_nothing():
    generator = np.random.default_rng(1)
    truth = (generator.random(5_000) < 0.3).astype(float)
    people = np.where(generator.random(5_000) < 0.1, truth, NAN)
    queries, chances = np.arange(5_000) // 10, np.full(5_000, 0.1)
    good = powered_mean(np.where(generator.random(5_000) < 0.95, truth, 1 - truth), people, chances, queries)
    useless = powered_mean(generator.random(5_000), people, chances, queries)
    assert width(good.powered) < 0.7 * width(good.people_only)
    assert useless.trust < 0.1
    assert width(useless.powered) <= width(useless.people_only)


def test_what_was_asked_more_often_weighs_less():
    """Relevant items are asked always, others one in four: people's raw share is far too high."""
    generator = np.random.default_rng(2)
    truth = (generator.random(40_000) < 0.2).astype(float)
    chances = np.where(truth == 1, 1.0, 0.25)
    people = np.where(generator.random(40_000) < chances, truth, NAN)
    found = powered_mean(truth * 0.5, people, chances, np.arange(40_000) // 20)
    assert np.nanmean(people) > 0.4
    assert found.people_only.value == pytest.approx(0.2, abs=0.01)
    assert found.powered.value == pytest.approx(0.2, abs=0.01)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """300 collections of 60 queries that differ, one item in five graded; the truth is 0.4."""
    held = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        queries = np.repeat(np.arange(60), 10)
        truth = (generator.random(600) < generator.beta(2, 3, 60)[queries]).astype(float)
        judge = np.where(generator.random(600) < 0.8, truth, 1 - truth)
        people = np.where(generator.random(600) < 0.2, truth, NAN)
        found = powered_mean(judge, people, np.full(600, 0.2), queries).powered
        held += found.low <= 0.4 <= found.high
    assert 0.91 <= held / 300 <= 0.985


def test_what_cannot_be_known_is_no_number():
    assert np.isnan(powered_mean([1, 0], [1, 0], [1, 1], [5, 5]).powered.value)
    assert np.isnan(powered_mean([1, 0], [NAN, NAN], [1, 1], [0, 1]).powered.value)
    with pytest.raises(ValueError, match="chance"):
        powered_mean([1, 0], [1, NAN], [0, 1], [0, 1])
