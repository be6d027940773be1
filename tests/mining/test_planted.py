"""Planted truth: what the rule lets through, and whether the checked sample tells how much that is."""

import numpy as np

from measures.checked_share import checked_share
from tests.mining.planted import negatives, plant, true_share

N_POOLS, N_CHECKED = 200, 200


def test_the_rule_with_a_perfect_judge_removes_every_planted_positive():
    planted = plant(1, noise=0.0)
    unlabelled = ~planted.pairs.is_positive
    assert 0.15 < planted.relevant[unlabelled].mean() < 0.25
    queries, relevant = negatives(planted)
    assert relevant.sum() == 0
    assert queries.size == (~planted.relevant).sum()


def test_with_a_judge_that_errs_the_interval_of_a_checked_sample_covers_the_true_share():
    """At 95 % each, 200 pools miss 10 on average with a standard deviation of 3: 3 to 19 are within three."""
    truth = true_share(n_pools=100)
    assert 0.02 < truth < 0.2
    missed = 0
    for seed in range(N_POOLS):
        queries, relevant = negatives(plant(seed))
        drawn = np.random.default_rng(seed).choice(queries.size, size=N_CHECKED, replace=False)
        found = checked_share(relevant[drawn], queries[drawn])
        missed += not found.low <= truth <= found.high
    assert 3 <= missed <= 19
