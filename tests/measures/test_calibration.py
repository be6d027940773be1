import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from measures.calibration import (
    Bin,
    brier,
    cross_calibrated,
    cross_calibrated_grades,
    ece,
    log_loss,
    reliability_bins,
)


@pytest.fixture
def distorted():
    """2,000 items of 100 queries: scores whose square is the chance of being relevant."""
    generator = np.random.default_rng(4)
    scores = generator.random(2_000)
    relevant = generator.random(2_000) < scores**2
    return scores, relevant, np.repeat(np.arange(100), 20)


def test_worked_by_hand():
    """Said 0.1, 0.1 (one relevant) and 0.9 (relevant): ⅔ · |0.1 − 0.5| + ⅓ · |0.9 − 1| = 0.3.

    Brier: (0.01 + 0.81 + 0.01) / 3. Log loss: −(ln 0.9 + ln 0.1 + ln 0.9) / 3.
    """
    said, found = [0.1, 0.1, 0.9], [False, True, True]
    low, high = reliability_bins(said, found)
    assert (low.n, low.mean_predicted, low.share_relevant) == (2, pytest.approx(0.1), 0.5)
    assert high == Bin(0.9, 1.0, 1, 0.9, 1.0)
    assert ece(said, found) == pytest.approx(0.3)
    assert brier(said, found) == pytest.approx(0.83 / 3)
    assert log_loss(said, found) == pytest.approx(-(2 * np.log(0.9) + np.log(0.1)) / 3)


def test_scikit_learn_says_the_same(distorted):
    scores, relevant, _ = distorted
    assert brier(scores, relevant) == pytest.approx(metrics.brier_score_loss(relevant, scores))
    assert log_loss(scores, relevant) == pytest.approx(metrics.log_loss(relevant, scores))
    shares, means = calibration_curve(relevant, scores, n_bins=10)
    bins = reliability_bins(scores, relevant)
    np.testing.assert_allclose([each.share_relevant for each in bins], shares)
    np.testing.assert_allclose([each.mean_predicted for each in bins], means)


def test_certainty_that_is_wrong_costs_much_but_not_infinitely():
    assert log_loss([1.0], [False]) == pytest.approx(-np.log(1e-15), rel=1e-4)


def test_calibration_mends_a_distorted_score(distorted):
    scores, relevant, queries = distorted
    calibrated = cross_calibrated(scores, relevant, queries)
    assert ece(calibrated, relevant) < ece(scores, relevant) / 2
    assert brier(calibrated, relevant) < brier(scores, relevant)


def test_no_query_is_calibrated_with_its_own_labels(distorted):
    scores, relevant, queries = distorted
    own = queries == 7
    before = cross_calibrated(scores, relevant, queries)
    after = cross_calibrated(scores, np.where(own, ~relevant, relevant), queries)
    np.testing.assert_array_equal(before[own], after[own])
    assert (before != after).any()


def test_grades_come_out_as_chances_that_follow_the_score(distorted):
    scores, _, queries = distorted
    grades = np.digitize(scores + np.random.default_rng(1).normal(0, 0.1, scores.size), [0.3, 0.6, 0.8])
    chances = cross_calibrated_grades(scores, grades, queries, n_grades=4)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert (chances >= 0).all()
    assert np.corrcoef(chances @ np.arange(4), grades)[0, 1] > 0.9


def test_infinite_scores_have_their_place():
    scores = np.array([-np.inf, 0.2, 0.8, np.inf] * 10)
    calibrated = cross_calibrated(scores, scores > 0.5, np.arange(40))
    np.testing.assert_array_equal(calibrated, scores > 0.5)


def test_what_cannot_be_known_is_no_number():
    assert np.isnan(cross_calibrated([0.1, 0.9], [False, True], [3, 3])).all()
    assert np.isnan(cross_calibrated_grades([0.1, 0.9], [0, 1], [3, 3], n_grades=2)).all()
    for measure in (ece, brier, log_loss):
        assert np.isnan(measure([], []))


@pytest.mark.parametrize("said", [[1.2], [-0.1], [np.nan], [0.1, 0.2]])
def test_what_is_no_probability_is_refused(said):
    with pytest.raises(ValueError):
        brier(said, [True])
