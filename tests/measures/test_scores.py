import numpy as np
import pytest

from measures import scores
from measures.auc import auc
from measures.counts import count_array
from measures.scores import MAX_BINS, score_table
from measures.spearman import spearman
from measures.summary import summarise


def _continuous(n_queries: int, n: int):
    generator = np.random.default_rng(3)
    query = generator.integers(0, n_queries, n)
    reference = generator.integers(0, 4, n)
    leniency = generator.normal(size=n_queries)[query]
    return query, reference, reference + leniency + generator.normal(size=n)


def test_few_distinct_scores_keep_a_bin_each():
    table = score_table([0, 1, 1], [0, 1, 1], [0.5, 0.5, 0.9], n_queries=2, n_grades=2)
    np.testing.assert_array_equal(table.pooled, [[1, 0], [1, 1]])
    np.testing.assert_array_equal(table.per_query, [[[1, 0], [0, 0]], [[0, 0], [1, 1]]])
    assert table.n_scored == 3


def test_many_distinct_scores_share_bins_of_about_the_same_size():
    query, reference, score = _continuous(n_queries=20, n=10_000)
    table = score_table(query, reference, score, n_queries=20, n_grades=4)
    assert table.pooled.shape == (4, 10_000)
    assert table.per_query.shape == (20, 4, MAX_BINS)
    in_bins = table.per_query.sum(axis=(0, 1))
    assert in_bins.sum() == 10_000
    assert in_bins.min() >= 9
    assert in_bins.max() <= 11


def test_equal_scores_share_a_bin_even_where_they_fill_many_quantiles():
    score = np.concatenate([np.zeros(5_000), np.arange(1, 5_001)])
    table = score_table(np.zeros(10_000, int), np.zeros(10_000, int), score, n_queries=1, n_grades=2)
    in_bins = table.per_query.sum(axis=(0, 1))
    assert in_bins[0] == 5_000
    assert (in_bins > 0).all()
    assert in_bins.size <= MAX_BINS


def test_values_from_bins_are_those_of_all_scores_to_four_decimals():
    query, reference, score = _continuous(n_queries=20, n=10_000)
    table = score_table(query, reference, score, n_queries=20, n_grades=4)
    binned = table.per_query.sum(axis=0)
    assert auc(binned, range(4), 2) == pytest.approx(auc(table.pooled, range(4), 2), abs=5e-5)
    assert spearman(binned, range(4)) == pytest.approx(spearman(table.pooled, range(4)), abs=5e-5)


def test_binned_intervals_are_the_exact_ones_to_four_decimals(monkeypatch):
    query, reference, score = _continuous(n_queries=40, n=4_000)
    counts = count_array([], n_queries=40, n_grades=4)

    def agreement():
        table = score_table(query, reference, score, n_queries=40, n_grades=4)
        return table, summarise(counts, table, values=range(4), cut=2, replicates=400, seed=5)

    table, binned = agreement()
    assert table.per_query.shape[2] == MAX_BINS
    monkeypatch.setattr(scores, "MAX_BINS", 4_000)
    table, exact = agreement()
    assert table.per_query.shape[2] == 4_000
    for measure in ("auc", "spearman"):
        np.testing.assert_allclose(getattr(binned, measure), getattr(exact, measure), atol=5e-5)
        assert getattr(binned, measure).value == getattr(exact, measure).value


def test_very_many_queries_get_fewer_bins_and_still_close_intervals(monkeypatch):
    query, reference, score = _continuous(n_queries=40, n=4_000)
    counts = count_array([], n_queries=40, n_grades=4)

    def agreement():
        table = score_table(query, reference, score, n_queries=40, n_grades=4)
        return table, summarise(counts, table, values=range(4), cut=2, replicates=400, seed=5)

    _, fine = agreement()
    monkeypatch.setattr(scores, "MAX_CELLS", 40 * 4 * 32)
    table, coarse = agreement()
    assert table.per_query.shape[2] == 32
    for measure in ("auc", "spearman"):
        np.testing.assert_allclose(getattr(coarse, measure), getattr(fine, measure), atol=1e-3)


def test_infinite_scores_are_ranked_and_nan_is_refused():
    table = score_table([0, 0], [0, 1], [-np.inf, np.inf], n_queries=1, n_grades=2)
    assert auc(table.pooled, (0, 1), 1) == 1
    with pytest.raises(ValueError, match="NaN"):
        score_table([0, 0], [0, 1], [0.3, np.nan], n_queries=1, n_grades=2)


@pytest.mark.parametrize(("query", "reference"), [(2, 0), (0, 2), (-1, 0)])
def test_positions_outside_the_table_are_refused(query, reference):
    with pytest.raises(ValueError, match="positions"):
        score_table([query], [reference], [0.1], n_queries=2, n_grades=2)


def test_no_scores_are_an_empty_table():
    table = score_table([], [], [], n_queries=3, n_grades=2)
    assert table.n_scored == 0
    assert np.isnan(auc(table.pooled, (0, 1), 1))
