"""Dawid–Skene against planted truths, and against what EM must do."""

from itertools import pairwise

import numpy as np
import pytest

from measures.dawid_skene import dawid_skene

GOOD = np.array([[0.85, 0.1, 0.05], [0.1, 0.8, 0.1], [0.05, 0.1, 0.85]])
LENIENT = np.array([[0.2, 0.7, 0.1], [0.02, 0.18, 0.8], [0.0, 0.05, 0.95]])
RANDOM = np.full((3, 3), 1 / 3)


def planted(confusions, *, n_items, prevalence=(0.5, 0.3, 0.2), seed=0):
    """Truth (N,) and labels (items, raters, grades) of raters who see all items."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(3, size=n_items, p=prevalence)
    labels = [
        (item, rater, generator.choice(3, p=confusion[truth[item]]))
        for item in range(n_items)
        for rater, confusion in enumerate(confusions)
    ]
    return truth, np.array(labels).T


def solve(labels, *, n_items, n_raters):
    return dawid_skene(*labels, n_items=n_items, n_raters=n_raters, n_grades=3)


def majority(labels, *, n_items):
    votes = np.zeros((n_items, 3))
    np.add.at(votes, (labels[0], labels[2]), 1)
    return votes.argmax(axis=1)


def test_it_finds_planted_confusions_and_beats_the_majority():
    raters = [GOOD, GOOD, LENIENT, LENIENT, RANDOM]
    truth, labels = planted(raters, n_items=2_000)
    found = solve(labels, n_items=2_000, n_raters=5)
    assert found.has_converged
    for confusion, expected in zip(found.confusions, raters, strict=True):
        np.testing.assert_allclose(confusion, expected, atol=0.12)
    np.testing.assert_allclose(found.prevalence, (0.5, 0.3, 0.2), atol=0.05)
    right = (found.posteriors.argmax(axis=1) == truth).mean()
    assert right > (majority(labels, n_items=2_000) == truth).mean() + 0.02


def test_raters_who_agree_are_believed():
    found = dawid_skene([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 2, 2], n_items=2, n_raters=2, n_grades=3)
    assert found.posteriors.argmax(axis=1).tolist() == [0, 2]
    assert found.posteriors.max(axis=1).min() > 0.98


def test_two_steps_of_em_by_hand(monkeypatch):
    # Without smoothing, two raters, two grades; items (0,0) (0,0) (1,1) (0,1); votes: 1 0 / 1 0 / 0 1 / ½ ½.
    # Rater A: true 0 → says 0 in 2.5 of 2.5; true 1 → says 0 in ½, 1 in 1 of 1.5.
    # Rater B: true 0 → says 0 in 2, 1 in ½ of 2.5; true 1 → says 1 in 1.5 of 1.5. Prevalence 2.5/4, 1.5/4.
    # Item (0,1): true 0: 0.625 · 1 · 0.2 = 0.125; true 1: 0.375 · ⅓ · 1 = 0.125: one half again, by symmetry.
    # Item (0,0): true 0: 0.625 · 1 · 0.8 = 0.5; true 1: 0.375 · ⅓ · 0 = 0.
    monkeypatch.setattr("measures.dawid_skene.SMOOTHING", 1e-12)
    items, raters, grades = zip(
        *[(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0), (2, 0, 1), (2, 1, 1), (3, 0, 0), (3, 1, 1)], strict=True
    )
    found = dawid_skene(items, raters, grades, n_items=4, n_raters=2, n_grades=2, rounds=1)
    np.testing.assert_allclose(found.posteriors, [[1, 0], [1, 0], [0, 1], [0.5, 0.5]], atol=1e-9)
    np.testing.assert_allclose(found.confusions[0], [[1, 0], [1 / 3, 2 / 3]], atol=1e-9)


def test_a_round_of_em_is_that_of_crowd_kit(monkeypatch):
    # crowdkit.aggregation.DawidSkene(n_iter=1).fit(…).probas_ (crowd-kit 1.4) of ten items, four raters
    monkeypatch.setattr("measures.dawid_skene.SMOOTHING", 1e-12)
    rows = ["0012", "1112", "2202", "0001", "1121", "2221", "0000", "1011", "2212", "0102"]
    labels = [(item, rater, int(said)) for item, row in enumerate(rows) for rater, said in enumerate(row)]
    items, raters, grades = zip(*labels, strict=True)
    found = dawid_skene(items, raters, grades, n_items=10, n_raters=4, n_grades=3, rounds=1)
    theirs = [
        [0.71229, 0.248858, 0.038852],
        [0.011025, 0.889754, 0.099222],
        [0.016642, 0.012792, 0.970566],
        [0.951525, 0.041555, 0.00692],
        [0.0, 0.943864, 0.056136],
        [0.0, 0.073282, 0.926718],
        [1.0, 0.0, 0.0],
        [0.048664, 0.935115, 0.016221],
        [0.003933, 0.040309, 0.955758],
        [0.72475, 0.132936, 0.142314],
    ]
    np.testing.assert_allclose(found.posteriors, theirs, atol=1e-6)


def test_missing_labels_are_allowed_and_an_item_without_any_gets_the_prevalence():
    found = dawid_skene([0, 1, 1], [0, 0, 1], [1, 1, 1], n_items=3, n_raters=3, n_grades=2)
    np.testing.assert_allclose(found.posteriors[2], found.prevalence, atol=1e-4)
    np.testing.assert_allclose(found.confusions[2], 0.5)
    np.testing.assert_allclose(found.posteriors.sum(axis=1), 1)


def test_the_likelihood_never_falls():
    _, labels = planted([GOOD, LENIENT, RANDOM], n_items=200, seed=3)
    item, rater, grade = labels

    def likelihood(rounds):
        found = dawid_skene(item, rater, grade, n_items=200, n_raters=3, n_grades=3, rounds=rounds)
        logs = np.log(np.tile(found.prevalence, (200, 1)))
        np.add.at(logs, item, np.log(found.confusions[rater, :, grade]))
        return np.log(np.exp(logs).sum(axis=1)).sum()

    values = [likelihood(rounds) for rounds in range(1, 12)]
    assert all(after >= before - 0.05 for before, after in pairwise(values))


def test_no_labels_are_no_error():
    found = dawid_skene([], [], [], n_items=0, n_raters=0, n_grades=3)
    assert found.posteriors.shape == (0, 3)


@pytest.mark.parametrize(
    ("items", "raters", "grades"), [([2], [0], [0]), ([0], [1], [0]), ([0], [0], [3]), ([0, 0], [0], [0])]
)
def test_positions_outside_are_refused(items, raters, grades):
    with pytest.raises(ValueError):
        dawid_skene(items, raters, grades, n_items=2, n_raters=1, n_grades=3)
