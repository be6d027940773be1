"""How an estimate is written: value and interval with the same number of decimals."""

from math import isfinite
from typing import NamedTuple

from measures.estimates import Estimate

NARROW = 0.02
"""An interval narrower than this needs a third decimal to be seen as one."""


class Shown(NamedTuple):
    value: str  # "–" where undefined
    interval: str  # "[low, high]"; empty where there is none


def has_interval(estimate: Estimate) -> bool:
    return isfinite(estimate.low) and isfinite(estimate.high)


def shown(estimate: Estimate) -> Shown:
    """Two decimals; three where the interval is narrow, or a bound near 0 would read as 0."""
    if not isfinite(estimate.value):
        return Shown("–", "")
    if not has_interval(estimate):
        return Shown(_number(estimate.value, 2), "")
    narrow = estimate.high - estimate.low < NARROW
    hidden = any(bound and abs(bound) < 0.005 for bound in (estimate.low, estimate.high))
    decimals = 3 if narrow or hidden else 2
    low, high = (_number(bound, decimals) for bound in (estimate.low, estimate.high))
    return Shown(_number(estimate.value, decimals), f"[{low}, {high}]")


def said(estimate: Estimate) -> str:
    """Value and interval in one string."""
    return " ".join(part for part in shown(estimate) if part)


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace("-", "−")
