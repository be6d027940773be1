import numpy as np
import pytest

from measures.bootstrap import Tally
from measures.budget import influences, labels_needed, neyman, spread_of_kappa
from measures.estimates import estimate_tallies
from measures.kappa import kappa

PLAIN = 1 - np.eye(4)


def collection(n_queries: int, per_query: int = 10, *, seed: int = 0):
    """Count tables (Q, 4, 4) of a judge that is right more often in some queries than in others."""
    generator = np.random.default_rng(seed)
    queries = np.repeat(np.arange(n_queries), per_query)
    reference = generator.integers(0, 4, queries.size)
    right = generator.random(queries.size) < generator.beta(4, 3, n_queries)[queries]
    judged = np.where(right, reference, generator.integers(0, 4, queries.size))
    tables = np.zeros((n_queries, 4, 4), dtype=int)
    np.add.at(tables, (queries, reference, judged), 1)
    return tables


def test_influence_is_what_one_more_item_does():
    table = collection(50).sum(axis=0)
    found = influences(table, weights=PLAIN)
    n = table.sum()
    for cell in ((0, 0), (1, 3)):
        more = table.astype(float)
        more[cell] += 1e-3
        moved = (kappa(more, range(4)) - kappa(table, range(4))) / (1e-3 / n)
        assert found[cell] == pytest.approx(float(moved), rel=1e-3)
    assert (found * table).sum() == pytest.approx(0, abs=1e-9)


def test_the_expected_half_width_is_that_of_the_bootstrap():
    tables = collection(200)
    spread = spread_of_kappa(tables, weights=PLAIN)
    tally = Tally(tables, {"kappa": lambda each: kappa(each, range(4))})
    ((found,),) = (each.values() for each in estimate_tallies([tally], replicates=4_000))
    expected = (found.high - found.low) / 2
    assert spread.half_width(n_queries=200, per_query=10) == pytest.approx(expected, rel=0.1)


def test_as_many_labels_as_it_says_are_enough():
    small = spread_of_kappa(collection(60), weights=PLAIN)
    need = labels_needed(small, target=0.03)
    big = spread_of_kappa(collection(need.in_new_queries // 10, seed=9), weights=PLAIN)
    assert big.half_width(n_queries=big.n_queries, per_query=10) == pytest.approx(0.03, rel=0.15)


def test_more_labels_in_the_same_queries_are_not_always_enough():
    spread = spread_of_kappa(collection(40, per_query=5), weights=PLAIN)
    assert labels_needed(spread, target=0.01).in_same_queries is None
    loose = labels_needed(spread, target=0.2)
    assert loose.in_same_queries is not None
    assert loose.in_same_queries < 200


def test_too_few_queries_say_nothing():
    spread = spread_of_kappa(collection(1), weights=PLAIN)
    assert np.isnan(spread.within)
    assert labels_needed(spread, target=0.05) == (None, None)
    assert np.isnan(spread_of_kappa(collection(9, per_query=1), weights=PLAIN).between)


def test_strata_are_drawn_from_by_size_and_spread():
    """10 · 1, 10 · 3 and 40 · 1 share 16: 2, 6 and 8."""
    assert neyman([10, 10, 40], [1, 3, 1], 16).tolist() == [2, 6, 8]


def test_a_stratum_gives_no_more_than_it_holds():
    assert neyman([2, 50, 0], [9, 1, 5], 20).tolist() == [2, 18, 0]
    assert neyman([2, 3], [1, 1], 99).tolist() == [2, 3]
    assert neyman([7, 7, 7], [0, 0, 0], 8).sum() == 8
