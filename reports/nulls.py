"""Undefined figures as JSON: there is no NaN in it, only null."""

from math import isfinite, nan
from typing import Any


def nulled(part: Any) -> Any:
    """The same lists and dicts with null for every number that is not finite."""
    if isinstance(part, dict):
        return {name: nulled(each) for name, each in part.items()}
    if isinstance(part, list | tuple):
        return [nulled(each) for each in part]
    return None if isinstance(part, float) and not isfinite(part) else part


def number(stored: float | None) -> float:
    """A stored number, NaN for null."""
    return nan if stored is None else stored
