import krippendorff
import numpy as np
import pytest

from measures.alpha import alpha_interval, alpha_nominal, alpha_ordinal


def test_nominal_alpha_of_krippendorffs_own_example():
    # Krippendorff (2011), section A: ten items, coincidences 10 4 / 4 2, n = 20
    # α = 1 − 19 · 4/(14 · 6) = 0.095
    assert alpha_nominal(np.array([[5, 3], [1, 1]]), (0, 1)) == pytest.approx(1 - 19 * 4 / (14 * 6))


def test_ordinal_and_interval_alpha_by_hand():
    table = np.diag([1, 1, 1])
    table[0, 2] = 1
    # Items (0,0) (1,1) (2,2) (0,2). Coincidences: o₀₀ = o₁₁ = o₂₂ = 2, o₀₂ = o₂₀ = 1; n₀ n₁ n₂ = 3 2 3, n = 8
    # ordinal δ₀₁ = 3 + 2 − 5/2 = 2.5, δ₁₂ = 2.5, δ₀₂ = 8 − 6/2 = 5
    #   observed 2·25 = 50, expected 2·(6·6.25 + 6·6.25 + 9·25) = 600
    assert alpha_ordinal(table, (0, 1, 2)) == pytest.approx(1 - 7 * 50 / 600)
    # interval with values 0, 1, 3: observed 2·9 = 18, expected 2·(6·1 + 6·4 + 9·9) = 222
    assert alpha_interval(table, (0, 1, 3)) == pytest.approx(1 - 7 * 18 / 222)


@pytest.mark.parametrize(
    ("measure", "level"),
    [(alpha_nominal, "nominal"), (alpha_ordinal, "ordinal"), (alpha_interval, "interval")],
)
@pytest.mark.parametrize("values", [(0, 1, 2, 3), (-1, 0, 2, 10)])
def test_alpha_is_that_of_the_krippendorff_package(measure, level, values, random_tables, items_of):
    ours = measure(random_tables, values)
    for table, value in zip(random_tables, ours, strict=True):
        pairs = np.stack(items_of(table), axis=1)
        units = np.eye(4, dtype=int)[pairs].sum(axis=1)
        theirs = krippendorff.alpha(value_counts=units, value_domain=values, level_of_measurement=level)
        assert value == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("measure", [alpha_nominal, alpha_ordinal, alpha_interval])
def test_alpha_is_undefined_when_only_one_grade_was_used(measure):
    assert np.isnan(measure(np.diag([0, 12, 0]), (0, 1, 2)))


@pytest.mark.parametrize("measure", [alpha_nominal, alpha_ordinal, alpha_interval])
def test_alpha_of_a_single_disputed_item_is_zero(measure):
    # n = 2, one coincidence each way: α = 1 − (2 − 1) · 2δ²/2δ² = 0
    assert measure(np.array([[0, 1], [0, 0]]), (0, 1)) == 0
