import numpy as np
import pytest
from scipy.stats import spearmanr

from measures.bootstrap import Tally, bootstrap
from measures.error import bias
from measures.kappa import kappa
from measures.slices import bias_contrast, correlation, kappa_contrast, rank_correlation_sums

PLAIN = 1 - np.eye(4)
VALUES = range(4)


def parts(
    n_queries: int = 60, *, seed: int = 0, harder: float = 0.0, lenient: float = 0.0, whole: bool = False
):
    """Tables (Q, K, K) in and out of a slice; the judge is right less often, or lenient, inside."""
    generator = np.random.default_rng(seed)
    queries = np.repeat(np.arange(n_queries), 12)
    inside = (queries % 2 == 0) if whole else generator.random(queries.size) < 0.4
    reference = generator.integers(0, 4, queries.size)
    right = generator.random(queries.size) < generator.beta(6, 4, n_queries)[queries] - harder * inside
    judged = np.where(right, reference, generator.integers(0, 4, queries.size))
    judged = np.minimum(judged + (generator.random(queries.size) < lenient * inside), 3)
    tables = np.zeros((2, n_queries, 4, 4), dtype=int)
    np.add.at(tables, (inside.astype(int), queries, reference, judged), 1)
    return tables[1], tables[0]


@pytest.mark.parametrize("whole", [False, True])
def test_the_standard_error_is_that_of_a_bootstrap_over_queries(whole):
    inside, rest = parts(200, harder=0.2, whole=whole)
    drawn = bootstrap(
        [
            Tally(each, {"kappa": lambda t: kappa(t, VALUES), "bias": lambda t: bias(t, VALUES)})
            for each in (inside, rest)
        ],
        replicates=4_000,
        seed=1,
    )
    for name, found in (
        ("kappa", kappa_contrast(inside, rest, weights=PLAIN)),
        ("bias", bias_contrast(inside, rest, values=VALUES)),
    ):
        gaps = drawn[0][name] - drawn[1][name]
        half = (found.difference.high - found.difference.low) / 2
        assert half == pytest.approx(1.98 * gaps.std(), rel=0.06)
        assert found.difference.value == pytest.approx(gaps.mean(), abs=0.01)


def test_a_harder_and_a_lenient_slice_are_found():
    inside, rest = parts(harder=0.25)
    found = kappa_contrast(inside, rest, weights=PLAIN)
    assert found.difference.high < 0
    assert found.p < 0.001
    inside, rest = parts(lenient=0.4)
    found = bias_contrast(inside, rest, values=VALUES)
    assert found.difference.low > 0
    assert found.p < 0.05


@pytest.mark.parametrize("whole", [False, True])
def test_a_slice_like_the_rest_is_called_different_one_time_in_twenty(whole):
    found = [
        (kappa_contrast(*tables, weights=PLAIN).p < 0.05, bias_contrast(*tables, values=VALUES).p < 0.05)
        for tables in (parts(40, seed=seed, whole=whole) for seed in range(600))
    ]
    share = np.mean(found, axis=0)
    assert ((share > 0.025) & (share < 0.075)).all(), share


def test_nothing_is_tested_with_few_queries_or_where_kappa_is_undefined():
    inside, rest = parts(7)
    assert np.isnan(kappa_contrast(inside, rest, weights=PLAIN).p)
    assert np.isnan(bias_contrast(inside * 0, rest, values=VALUES).p)
    one_grade = np.zeros((20, 4, 4), dtype=int)
    one_grade[:, 0, 0] = 3
    assert np.isnan(kappa_contrast(one_grade, parts(20)[1], weights=PLAIN).difference.value)


def test_the_correlation_of_ranks_is_spearmans():
    generator = np.random.default_rng(2)
    lengths = generator.integers(1, 50, 300)
    errors = np.rint(lengths / 40 + generator.normal(size=300))
    sums = rank_correlation_sums(lengths, errors, generator.integers(0, 20, 300))
    assert sums.shape == (20, 6)
    assert correlation(sums.sum(axis=0)) == pytest.approx(spearmanr(lengths, errors).statistic)
    assert np.isnan(correlation(rank_correlation_sums([1, 2], [3, 3], [0, 1]).sum(axis=0)))
