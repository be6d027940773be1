import numpy as np
import pytest

from measures.decisions import argmax, distance_matrix, expected_rounded, frechet_mean, quantile_matched

PROBS = [[0.4, 0.0, 0.25, 0.35], [0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0, 0]]


def test_rules_differ_where_a_judge_is_torn():
    """0.4 for grade 0, but 0·0.4 + 2·0.25 + 3·0.35 = 1.55 on average: rounded 2."""
    np.testing.assert_array_equal(argmax(PROBS), [0, 3, 0])
    np.testing.assert_array_equal(expected_rounded(PROBS, range(4)), [2, 2, 0])


def test_frechet_means_are_the_other_rules_for_their_distances():
    generator = np.random.default_rng(0)
    probs = generator.dirichlet(np.ones(4), 300)
    values = (0, 1, 4, 10)
    nominal, apart = (distance_matrix(values, kind) for kind in ("nominal", "values"))
    np.testing.assert_array_equal(frechet_mean(probs, nominal), argmax(probs))
    np.testing.assert_array_equal(frechet_mean(probs, apart), expected_rounded(probs, values))
    np.testing.assert_array_equal(
        frechet_mean(probs, distance_matrix(values, "positions")), expected_rounded(probs, range(4))
    )


def test_grades_are_dealt_out_by_their_shares_and_ties_stay_together():
    """Lowest half 0, then 1: midranks 0.1, 0.4, 0.4, 0.7, 0.9 of five."""
    np.testing.assert_array_equal(quantile_matched([5, 1, 1, 7, 0], [0.5, 0.5]), [1, 0, 0, 1, 0])
    scores = np.random.default_rng(1).normal(size=1_000)
    given = np.bincount(quantile_matched(scores, [0.5, 0.3, 0.15, 0.05]))
    np.testing.assert_array_equal(given, [500, 300, 150, 50])


@pytest.mark.parametrize("probs", [[0.5, 0.5], [[0.5, 0.4]], [[1.5, -0.5]]])
def test_what_are_no_probabilities_is_refused(probs):
    with pytest.raises(ValueError):
        argmax(probs)


def test_unknown_distances_and_shares_are_refused():
    with pytest.raises(ValueError, match="“cubic” is no distance"):
        distance_matrix(range(4), "cubic")
    with pytest.raises(ValueError):
        quantile_matched([1], [0.5, 0.6])
