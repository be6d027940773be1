"""What a dataset is to hold: whose grades, which formats, which splits. Plain data, kept as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from exchange.datasets.writers.formats import FORMATS

SOURCES = {
    "references": "People’s references",
    "judge": "A judge’s newest verdicts",
    "both": "References where there are, a judge’s verdicts elsewhere",
    "selection": "A selection of mining",
}
MOST_NEGATIVES = 1000
LARGEST_SEED = 2**31 - 1


class CannotRelease(Exception):
    """The dataset cannot be made like this; a sentence says why and what to choose."""


@dataclass(frozen=True)
class Plan:
    """Numbers name rows of the project: judges, an item set. Shares are percent; test takes the rest."""

    source: str = "references"
    formats: tuple[str, ...] = ()
    judge: int | None = None  # of verdicts, or of the scores beside people's references
    pair_judge: int | None = None  # of comparisons, for preference pairs
    criteria_judge: int | None = None
    criteria: int | None = None  # the rubric of several criteria; the first one otherwise
    selection: str = ""
    item_set: int | None = None  # only these items
    min_labels: int = 1  # references that rest on at least so many labels, or on a decision
    with_unjudged: bool = False
    with_reasons: bool = False
    train: int = 80
    dev: int = 10
    seed: int = 0
    negatives: int = 4

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"formats": list(self.formats)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Plan":
        """The plan that was stored; what an older Concord did not know keeps its default."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        return cls(**values | {"formats": tuple(stored.get("formats", ()))})

    @property
    def tables(self) -> list[str]:
        """The tables that have to be read: the rows always, others where a format is made of them."""
        asked = {FORMATS[name].reads for name in self.formats}
        return ["rows", *(table for table in ("pairs", "criteria") if table in asked)]

    @property
    def uses_people(self) -> bool:
        return self.source != "judge"

    def check(self) -> None:
        """Raises CannotRelease for what no project could make."""
        if self.source not in SOURCES:
            raise CannotRelease(f"“{self.source}” is no source; choose one of {', '.join(SOURCES)}.")
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown:
            raise CannotRelease(f"“{unknown[0]}” is no format; choose among {', '.join(FORMATS)}.")
        if self.source in ("judge", "both") and self.judge is None:
            raise CannotRelease("Name the judge whose verdicts are to be taken.")
        if self.source == "selection" and not self.selection:
            raise CannotRelease("Name the selection whose rows are to be taken.")
        if self.source == "selection" and (self.judge or self.item_set or self.min_labels > 1):
            raise CannotRelease(
                "A selection brings its own judge and candidates: leave out the judge, the item set and the"
                " number of labels."
            )
        if not (0 <= self.train <= 100 and 0 <= self.dev <= 100 and 0 < self.train + self.dev <= 100):
            raise CannotRelease(
                f"{self.train} % train and {self.dev} % dev do not fit: together they are more than 0 and at"
                " most 100 %."
            )
        if not 1 <= self.negatives <= MOST_NEGATIVES:
            raise CannotRelease(f"Negatives per query lie between 1 and {MOST_NEGATIVES:,}.")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise CannotRelease(f"The seed lies between 0 and {LARGEST_SEED:,}.")
        if self.min_labels < 1:
            raise CannotRelease("A reference rests on at least one label.")
        scored = [FORMATS[name] for name in self.formats if FORMATS[name].needs]
        if scored and self.judge is None and self.source != "selection":
            raise CannotRelease(
                f"“{scored[0].title}” holds a judge’s scores: choose a judge, beside the references too."
            )
