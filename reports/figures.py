"""Agreement and the counts behind it, and their form as JSON (undefined is null)."""

from collections.abc import Sequence
from math import isfinite, nan
from typing import Any, NamedTuple

from measures.estimates import Estimate
from measures.summary import Agreement
from reports.distribution import ScoreDistribution

MEASURES = tuple(name for name in Agreement._fields if not name.startswith("n"))


class Figures(NamedTuple):
    """What is shown of one judge under one condition."""

    agreement: Agreement
    confusion: list[list[int]]  # (K, K + 3): reference grade × judged column, summed over queries
    outcomes: dict[str, int]  # verdicts on items with a reference, by outcome
    distribution: ScoreDistribution | None


def estimate_as_json(estimate: Estimate) -> list[float | None]:
    """Value, low and high; null where undefined."""
    return [number if isfinite(number) else None for number in estimate]


def estimate_from_json(stored: Sequence[float | None]) -> Estimate:
    """The inverse of `estimate_as_json`."""
    return Estimate(*(nan if number is None else number for number in stored))


def figures_as_json(figures: Figures) -> dict[str, Any]:
    return {
        "agreement": {
            name: value if isinstance(value, int) else estimate_as_json(value)
            for name, value in figures.agreement._asdict().items()
        },
        "confusion": figures.confusion,
        "outcomes": figures.outcomes,
        "distribution": figures.distribution and figures.distribution._asdict(),
    }


def figures_from_json(stored: dict[str, Any]) -> Figures:
    """The inverse of `figures_as_json`."""
    agreement = {
        name: value if isinstance(value, int) else estimate_from_json(value)
        for name, value in stored["agreement"].items()
    }
    distribution = stored["distribution"]
    return Figures(
        Agreement(**agreement),
        stored["confusion"],
        stored["outcomes"],
        distribution and ScoreDistribution(**distribution),
    )
