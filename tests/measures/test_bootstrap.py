import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from measures import bootstrap as module
from measures.bootstrap import (
    Tally,
    bootstrap,
    exact_floats,
    percentile_interval,
    percentile_intervals,
    query_weights,
    resampled,
)
from measures.error import mae
from measures.kappa import kappa


def _weights(n_queries: int, replicates: int, seed: int = 0):
    return np.concatenate(list(query_weights(n_queries, replicates=replicates, seed=seed)))


def test_every_replicate_draws_as_many_queries_as_there_are():
    weights = _weights(30, 200)
    assert weights.shape == (200, 30)
    assert (weights.sum(axis=1) == 30).all()


def test_multiplicities_have_the_mean_and_variance_of_a_multinomial():
    weights = _weights(20, 20_000)
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.04)
    np.testing.assert_allclose(weights.var(axis=0), 1 - 1 / 20, atol=0.05)


def test_the_same_seed_draws_the_same_whatever_the_size_of_the_chunks(monkeypatch):
    at_once = _weights(13, 300, seed=4)
    monkeypatch.setattr(module, "DRAWS_AT_ONCE", 13 * 7)
    in_chunks = _weights(13, 300, seed=4)
    np.testing.assert_array_equal(at_once, in_chunks)
    assert (at_once != _weights(13, 300, seed=5)).any()


def test_replicates_are_those_of_a_plain_loop_over_drawn_queries(items_of):
    per_query = np.random.default_rng(2).poisson(2, size=(9, 3, 3))
    (results,) = bootstrap(
        [Tally(per_query, {"kappa": lambda tables: kappa(tables, range(3))})], replicates=60, seed=11
    )
    for multiplicities, value in zip(_weights(9, 60, seed=11), results["kappa"], strict=True):
        table = sum(
            (per_query[query] for query in np.repeat(np.arange(9), multiplicities)), np.zeros((3, 3), int)
        )
        assert value == pytest.approx(cohen_kappa_score(*items_of(table), labels=range(3)), abs=1e-12)


def test_tallies_of_one_bootstrap_share_their_draws(monkeypatch):
    monkeypatch.setattr(module, "DRAWS_AT_ONCE", 50)
    monkeypatch.setattr(module, "CELLS_AT_ONCE", 20)
    generator = np.random.default_rng(2)
    tallies = [
        Tally(generator.poisson(2, size=(9, 3, 3)), {"mae": lambda tables: mae(tables, range(3))})
        for _ in range(2)
    ]
    together = bootstrap(tallies, replicates=40, seed=1)
    for tally, results in zip(tallies, together, strict=True):
        (alone,) = bootstrap([tally], replicates=40, seed=1)
        np.testing.assert_array_equal(results["mae"], alone["mae"])


@pytest.mark.parametrize(("largest", "kind"), [(1_000, np.float32), (1_000_000, np.float64)])
def test_resampled_counts_are_exact(largest, kind):
    per_query = np.random.default_rng(0).integers(largest // 2, largest, size=(1_000, 2, 2), endpoint=True)
    weights = _weights(1_000, 50)
    floats = exact_floats(per_query)
    assert floats.dtype == kind
    in_integers = np.einsum("bq,qij->bij", weights, per_query)
    np.testing.assert_array_equal(resampled(weights, floats), in_integers)


def test_the_interval_is_the_middle_95_percent():
    assert percentile_interval(np.arange(1001.0), n_queries=10**9) == pytest.approx((25, 975))


def test_a_few_undefined_replicates_are_left_out_and_many_leave_no_interval():
    replicates = np.arange(1_000.0)
    replicates[:50] = np.nan
    assert percentile_interval(replicates, n_queries=10**9) == pytest.approx(
        np.quantile(np.arange(50, 1_000), [0.025, 0.975])
    )
    replicates[50] = np.nan
    assert np.isnan(percentile_interval(replicates, n_queries=10**9)).all()
    assert np.isnan(percentile_interval(np.array([]), n_queries=9)).all()


def test_few_queries_make_the_interval_wider_as_students_t_does():
    """Ten queries: √(10/9) · t₉(0.025) = 1.0541 · −2.2622 = −2.3846, and Φ(−2.3846) = 0.00855."""
    replicates = np.arange(100_001.0)
    assert percentile_interval(replicates, n_queries=10) == pytest.approx((855, 99_145), abs=1)
    assert np.isnan(percentile_interval(replicates, n_queries=1)).all()


def test_intervals_of_many_measures_at_once_are_those_of_each():
    generator = np.random.default_rng(5)
    replicates = generator.normal(size=(501, 6))
    replicates[:20, 1] = np.nan  # few enough
    replicates[:100, 2] = np.nan  # too many
    replicates[:, 3] = np.nan
    replicates[:, 4] = 0.5
    n_queries = np.array([30, 7, 30, 30, 30, 1])
    low, high = percentile_intervals(replicates, n_queries=n_queries)
    for place in range(6):
        alone = percentile_interval(replicates[:, place], n_queries=int(n_queries[place]))
        np.testing.assert_allclose((low[place], high[place]), alone, rtol=1e-12)
    assert np.isnan(low[[2, 3, 5]]).all()


def test_the_same_draws_asked_for_twice_are_drawn_once_and_cannot_be_changed():
    (first,), (second,) = (list(query_weights(9, replicates=50, seed=3)) for _ in range(2))
    assert first is second
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1
