import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from measures.comparing import compare_judges, holm, mcnemar_p

PLAIN = 1 - np.eye(4)


def judged_items(n_queries: int = 40, per_query: int = 8, *, seed: int = 0, right: tuple = (0.8, 0.6, 0.6)):
    """Queries, references and what judges with these chances of being right said."""
    generator = np.random.default_rng(seed)
    n = n_queries * per_query
    references = generator.integers(0, 4, n)
    guesses = generator.integers(0, 4, (n, len(right)))
    is_right = generator.random((n, len(right))) < right
    return (
        np.repeat(np.arange(n_queries), per_query),
        references,
        np.where(is_right, references[:, None], guesses),
    )


def test_kappas_are_over_the_items_that_both_graded():
    queries, references, judged = judged_items()
    judged[:50, 0] = -1
    judged[30:90, 1] = -2
    (found,) = compare_judges(queries, references, judged, [(0, 1)], weights=PLAIN)
    assert (found.n, found.n_queries) == (320 - 90, 40 - 11)
    for kappa, column in ((found.kappa_first, 0), (found.kappa_second, 1)):
        assert kappa == pytest.approx(cohen_kappa_score(references[90:], judged[90:, column]))
    assert found.difference.value == pytest.approx(found.kappa_first - found.kappa_second)
    assert found.difference.low < found.difference.value < found.difference.high


def test_quadratic_weights_are_taken():
    queries, references, judged = judged_items()
    places = np.arange(4)
    weights = (places[:, None] - places[None, :]) ** 2
    (found,) = compare_judges(queries, references, judged, [(0, 2)], weights=weights, permutations=10)
    expected = cohen_kappa_score(references, judged[:, 0], weights="quadratic")
    assert found.kappa_first == pytest.approx(expected)


def test_a_clear_difference_is_found_and_none_is_not():
    queries, references, judged = judged_items()
    clear, none = compare_judges(queries, references, judged, [(0, 1), (1, 2)], weights=PLAIN)
    assert clear.p == pytest.approx(1 / 10_001)
    assert clear.difference.low > 0
    assert none.p > 0.05
    assert none.difference.low < 0 < none.difference.high


def test_a_judge_beside_itself_differs_by_nothing():
    queries, references, judged = judged_items()
    (found,) = compare_judges(queries, references, judged[:, [0, 0]], [(0, 1)], weights=PLAIN)
    assert found.difference == (0, 0, 0)
    assert found.p == 1
    assert np.isnan(found.p_mcnemar)


def test_the_test_keeps_its_size():
    """Of 400 pairs of judges that are equally good, about 5 % are found to differ."""
    ps = []
    for seed in range(400):
        queries, references, judged = judged_items(20, 6, seed=seed, right=(0.6, 0.6))
        (found,) = compare_judges(
            queries, references, judged, [(0, 1)], weights=PLAIN, permutations=399, replicates=2
        )
        ps.append(found.p)
    assert 0.025 < np.mean(np.array(ps) <= 0.05) < 0.08


def test_pairs_that_share_no_item_are_undefined_and_do_not_count_in_holm():
    queries, references, judged = judged_items()
    judged[:160, 2], judged[160:, 1] = -1, -1
    apart, together = compare_judges(queries, references, judged, [(1, 2), (0, 1)], weights=PLAIN)
    assert apart.n == 0
    assert np.isnan([apart.p, apart.p_holm, *apart.difference]).all()
    assert together.p_holm == together.p


def test_mcnemar_is_exact():
    queries, references, judged = judged_items()
    (found,) = compare_judges(queries, references, judged, [(0, 1)], weights=PLAIN, permutations=10)
    right = judged == references[:, None]
    table = [[(right[:, 0] & right[:, 1]).sum(), found.only_first_right], [found.only_second_right, 0]]
    assert found.only_first_right == (right[:, 0] & ~right[:, 1]).sum()
    assert found.p_mcnemar == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert mcnemar_p(3, 9) == pytest.approx(binomtest(3, 12).pvalue)
    assert mcnemar_p(4, 4) == 1


def test_holm_is_statsmodels():
    p = np.random.default_rng(0).random(20) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    assert holm([0.01, np.nan, 0.04])[[0, 2]].tolist() == [0.02, 0.04]
    assert np.isnan(holm([0.01, np.nan])[1])
    assert holm([]).size == 0


def test_no_pair_is_no_trouble():
    assert compare_judges([], [], np.zeros((0, 2)), [], weights=PLAIN) == []


def test_judges_alike_in_kappa_and_unlike_in_habits_are_not_told_apart_too_often():
    """One guesses where it errs, the other is lenient there; both have a κ of about 0.33.

    Of 300 such collections the test finds about 5 % to differ. (Swapping without standard errors does not
    keep this size.)
    """
    ps = []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        references = generator.integers(0, 4, 400)
        guesses = generator.integers(0, 4, 400)
        first = np.where(generator.random(400) < 0.333, references, guesses)
        lenient = np.minimum(references + 1, 3)
        second = np.where(generator.random(400) < 0.333, references, lenient)
        judged = np.stack([first, second], axis=1)
        pair = compare_judges(
            np.repeat(np.arange(40), 10), references, judged, [(0, 1)], weights=PLAIN, permutations=199,
            replicates=2,
        )  # fmt: skip
        ps.append(pair[0].p)
    assert 0.02 < np.mean(np.array(ps) <= 0.05) < 0.09
