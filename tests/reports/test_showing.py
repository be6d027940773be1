from math import nan

import pytest

from measures.estimates import UNDEFINED, Estimate
from reports.showing import said


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(0.2912, 0.2204, 0.3706), "0.29 [0.22, 0.37]"),
        (Estimate(-0.0374, -0.1368, 0.0552), "−0.04 [−0.14, 0.06]"),
        (Estimate(0.2107, 0.2095, 0.2120), "0.211 [0.209, 0.212]"),  # two decimals would hide its width
        (Estimate(0.0350, -0.0025, 0.0780), "0.035 [−0.003, 0.078]"),  # and here the sign of a bound
        (Estimate(1.0, 1.0, 1.0), "1.000 [1.000, 1.000]"),
        (Estimate(0.5, nan, nan), "0.50"),
        (UNDEFINED, "–"),
    ],
)
def test_value_and_bounds_share_their_decimals(estimate, words):
    assert said(estimate) == words
