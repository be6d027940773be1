import numpy as np
import pytest

from measures.kappa import kappa
from measures.permutation import permutation_p

PATTERNS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]])


def kappa_of(tables):
    return kappa(tables, (0, 1, 2))


def test_a_rater_who_follows_the_others_is_told_from_chance():
    # (1 + 0) / (1 + 999): not one random deal agrees as well
    given = [[30, 2, 0], [3, 25, 2], [0, 1, 20], [10, 10, 1]]
    assert permutation_p(PATTERNS, given, kappa_of, permutations=999) == pytest.approx(0.001)


def test_a_rater_who_gives_the_grades_without_looking_is_not():
    given = [[10, 10, 10], [10, 10, 10], [10, 10, 10], [10, 10, 10]]
    assert permutation_p(PATTERNS, given, kappa_of) > 0.4


def test_chances_of_random_raters_are_spread_evenly():
    generator = np.random.default_rng(4)
    found = []
    for seed in range(200):
        table = np.zeros((4, 3), dtype=int)
        np.add.at(table, (generator.integers(0, 4, 60), generator.integers(0, 3, 60)), 1)
        found.append(permutation_p(PATTERNS, table, kappa_of, permutations=199, seed=seed))
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.05)
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_it_counts_as_permuting_the_grades_one_by_one_does():
    generator = np.random.default_rng(8)
    given = np.array([[4, 1, 0], [2, 3, 1], [0, 1, 3], [1, 1, 1]])
    pattern, grade = (np.repeat(each.ravel(), given.ravel()) for each in np.indices(given.shape))
    tables = []
    for _ in range(2_000):
        table = np.zeros((3, 3))
        np.add.at(table.T, generator.permutation(grade), PATTERNS[pattern])
        tables.append(table)
    by_hand = (kappa_of(np.array(tables)) >= kappa_of(PATTERNS.T @ given) - 1e-12).mean()
    assert permutation_p(PATTERNS, given, kappa_of) == pytest.approx(by_hand, abs=0.03)


def test_it_is_undefined_where_the_measure_is():
    assert np.isnan(permutation_p(PATTERNS[:1], [[5, 0, 0]], kappa_of))
