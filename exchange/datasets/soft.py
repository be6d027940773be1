"""Soft labels: log-odds where a loss compares margins, probabilities where it has a target."""

from math import exp
from typing import Literal

from exchange.datasets.table import Row

Unit = Literal["log_odds", "score"]


def margin(row: Row, unit: Unit) -> float | None:
    """What a loss over differences is given: the log-odds, of judges without them their score as it is."""
    return row.log_odds if unit == "log_odds" else row.score


def probability(row: Row) -> float | None:
    """P(relevant) = 1 / (1 + e^−log-odds), in [0, 1]; None without log-odds."""
    if row.log_odds is None:
        return None
    if row.log_odds >= 0:
        return 1 / (1 + exp(-row.log_odds))
    odds = exp(row.log_odds)  # so that e^x never overflows
    return odds / (1 + odds)
