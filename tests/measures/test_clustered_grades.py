import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import cohen_kappa_score

from measures.clustered_grades import kappa_and_mae

VALUES = (0, 1, 2, 3)


def graded(n_items: int, repeats: int, *, seed: int = 0):
    """Items, people's grades and a judge's; an item that is hard once is hard every time."""
    generator = np.random.default_rng(seed)
    items = np.repeat(np.arange(n_items), repeats)
    people = generator.integers(0, 4, n_items)
    right = generator.random(items.size) < generator.beta(3, 1, n_items)[items]
    return items, people[items], np.where(right, people[items], generator.integers(0, 4, items.size))


def test_values_are_scikit_learns():
    items, people, given = graded(80, 2)
    kappa, error = kappa_and_mae(items, people, given, values=VALUES)
    assert kappa.value == pytest.approx(cohen_kappa_score(people, given, weights="quadratic"))
    assert error.value == pytest.approx(np.abs(people - given).mean())


def test_an_error_by_hand():
    """Errors 0, 2, 0, 2: mean 1, so ±¼ an item, √(4/3 · 4 · 1/16) = 0.577, t of 3 degrees; 0 is the least."""
    _, error = kappa_and_mae(range(4), [1, 3, 1, 3], [1, 1, 1, 1], values=VALUES)
    assert error == pytest.approx((1.0, 0.0, 1 + t.ppf(0.975, 3) * np.sqrt(1 / 3)))


def test_intervals_are_those_of_resampled_items():
    items, people, given = graded(200, 3)
    kappa, error = kappa_and_mae(items, people, given, values=VALUES)
    generator, drawn = np.random.default_rng(1), []
    for _ in range(800):
        rows = (generator.integers(0, 200, 200)[:, None] * 3 + np.arange(3)).ravel()
        again = kappa_and_mae(np.arange(600), people[rows], given[rows], values=VALUES)
        drawn.append([each.value for each in again])
    for found, spread in zip((kappa, error), np.std(drawn, axis=0), strict=True):
        assert (found.high - found.low) / 2 == pytest.approx(1.97 * spread, rel=0.08)


def test_no_grades_and_one_item_have_no_interval():
    assert all(np.isnan(each).all() for each in kappa_and_mae([], [], [], values=VALUES))
    kappa, error = kappa_and_mae([4, 4], [1, 1], [1, 2], values=VALUES)
    assert np.isnan([kappa.low, error.low]).all()
    assert error.value == 0.5


def test_kappa_of_one_grade_alone_is_undefined():
    kappa, error = kappa_and_mae([0, 1], [2, 2], [2, 2], values=VALUES)
    assert np.isnan(kappa.value)
    assert error.value == 0
