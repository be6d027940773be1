import numpy as np
import pytest

from measures.bootstrap import Tally
from measures.error import accuracy
from measures.estimates import UNDEFINED, estimate, estimate_by_spread, estimate_tallies

NAN = float("nan")


def test_an_undefined_value_has_no_interval():
    assert np.isnan(estimate(NAN, np.arange(9.0), n_queries=5)).all()
    assert np.isnan(estimate_by_spread(NAN, np.arange(9.0), n_queries=5, bounds=(0, 1))).all()


def test_an_interval_by_spread_holds_its_value_and_stays_within_bounds():
    """Replicates all lie below the value, with a standard deviation of 0.01; t of 9 is 2.262."""
    replicates = np.array([0.79, 0.81] * 50)
    found = estimate_by_spread(0.9, replicates, n_queries=10, bounds=(-1, 1))
    assert found == pytest.approx((0.9, 0.9 - 0.02262, 0.9 + 0.02262), abs=1e-5)
    assert estimate_by_spread(0.99, replicates, n_queries=10, bounds=(-1, 1)).high == 1
    assert np.isnan(estimate_by_spread(0.9, replicates, n_queries=1, bounds=(-1, 1)).low)


def test_intervals_are_for_as_many_queries_as_have_counts():
    table = np.array([[3, 1], [0, 2]])
    some = np.stack([table, table * 2, table.T, np.zeros((2, 2), int)])
    measures = {"accuracy": lambda counts: accuracy(counts, (0, 1))}
    (with_empty,) = estimate_tallies([Tally(some, measures)], replicates=200)
    assert with_empty["accuracy"].value == pytest.approx((5 + 10 + 5) / 24)
    nothing = Tally(np.zeros((3, 2, 2), int), measures)
    assert np.isnan(estimate_tallies([nothing], replicates=20)[0]["accuracy"]).all()
    assert np.isnan(UNDEFINED).all()
