import numpy as np
import pytest
from sklearn.metrics import average_precision_score, cohen_kappa_score, roc_auc_score

from measures.calibration import brier, ece, log_loss
from measures.scored import measure_scores, roc_points

VALUES = range(4)


@pytest.fixture(scope="module")
def items():
    """800 items of 80 queries: a score in [0, 1] that follows the grade and is overconfident."""
    generator = np.random.default_rng(6)
    references = generator.integers(0, 4, 800)
    scores = 1 / (1 + np.exp(-4 * (references - 1.5 + generator.normal(0, 1, 800))))
    return np.repeat(np.arange(80), 10), references, scores


@pytest.fixture(scope="module")
def found(items):
    return measure_scores(*items, values=VALUES, cut=2, replicates=200)


def test_order_is_measured_as_elsewhere(items, found):
    queries, references, scores = items
    assert found.n == 800
    assert found.average_precision.value == pytest.approx(average_precision_score(references >= 2, scores))
    wins = pairs = 0
    for query in range(80):
        of = np.flatnonzero(queries == query)
        for i in of:
            for j in of:
                if references[i] > references[j]:
                    wins, pairs = wins + (scores[i] > scores[j]), pairs + 1
    assert found.ranking_accuracy.value == pytest.approx(wins / pairs)
    assert found.kendall.low < found.kendall.value < found.kendall.high


def test_calibration_is_better_after_than_before(items, found):
    _, references, scores = items
    assert found.raw.ece.value == pytest.approx(ece(scores, references >= 2))
    assert found.raw.brier.value == pytest.approx(brier(scores, references >= 2))
    assert found.raw.log_loss.value == pytest.approx(log_loss(scores, references >= 2))
    assert found.calibrated.ece.high < found.raw.ece.low
    assert sum(each.n for each in found.calibrated.bins) == 800


def test_scores_that_are_no_probabilities_are_measured_after_calibration_only(items):
    queries, references, scores = items
    found = measure_scores(queries, references, scores * 3, values=VALUES, cut=2, replicates=50)
    assert found.raw is None
    assert found.calibrated is not None


def test_every_decision_rule_is_measured_and_a_given_one_beside_them(items):
    queries, references, scores = items
    given = np.where(np.arange(800) < 100, -1, references)
    found = measure_scores(
        queries, references, scores, values=VALUES, cut=2, replicates=50, given={"as given": given}
    )
    assert list(found.decisions) == [
        "as given", "calibrated, likeliest", "calibrated, expected", "matched to people's shares",
    ]  # fmt: skip
    assert found.decisions["as given"].kappa.value == 1
    matched = found.decisions["matched to people's shares"].kappa.value
    assert 0.2 < matched < 0.7
    assert cohen_kappa_score(references, references) == 1


def test_the_roc_curve_has_the_area_that_scikit_learn_says(items):
    _, references, scores = items
    rounded = np.round(scores, 2)
    points = roc_points(rounded, references >= 2)
    assert points[0] == (0, 0)
    assert points[-1] == (1, 1)
    area = np.trapezoid([y for _, y in points], [x for x, _ in points])
    assert area == pytest.approx(roc_auc_score(references >= 2, rounded), abs=1e-3)


def test_one_query_or_one_class_leaves_little_to_say():
    one = measure_scores(
        np.zeros(4, int), np.array([0, 1, 2, 3]), np.arange(4.0), values=VALUES, cut=2, replicates=20
    )
    assert one.calibrated is None
    assert np.isnan(one.kendall.low)
    assert roc_points(np.arange(3.0), np.zeros(3, bool)) == []
    nothing = measure_scores(np.zeros(0, int), np.zeros(0, int), np.zeros(0), values=VALUES, cut=2)
    assert (nothing.n, nothing.raw, nothing.decisions) == (0, None, {})
