"""The figures of agreement among people, and their form as JSON (undefined is null)."""

from math import isfinite, nan
from typing import Any, NamedTuple

from measures.estimates import Estimate
from reports.people_counts import RaterWork

LEAST_ITEMS = 20
"""Items shared with others before anything is said about how a rater's grades look."""

CHANCE = 0.05
"""A permutation test with a larger p does not tell a rater from one who deals out grades at random."""


class PairAgreement(NamedTuple):
    first: int  # rater ids
    second: int
    n: int  # items both graded
    kappa: Estimate


class GradeAgreement(NamedTuple):
    value: int
    n: int  # labels with this grade on items with two raters or more
    kappa: Estimate  # Fleiss' κ of this grade against all others
    specific: Estimate  # how often another rater gave it too, where one did


class RaterAgreement(NamedTuple):
    """One rater beside the others. A comparison is one of their grades beside one other rater's."""

    rater: int
    work: RaterWork
    n_items: int  # items that somebody else graded too
    n_comparisons: int
    kappa: Estimate  # with the others, all comparisons together
    weighted: Estimate  # the same with quadratic weights: who is lenient but attentive agrees here
    bias: Estimate  # grades, theirs minus the others'
    others: Estimate  # weighted κ of the others among themselves
    chance_p: float  # permutation test of the weighted κ; NaN where that is undefined
    n_standard: int
    # with gold items; without any, with the adjudicated grade or what most of two others or more said
    standard_kappa: Estimate
    standard_accuracy: Estimate

    @property
    def looks_random(self) -> bool:
        """Their grades cannot be told from random ones, while the others agree better than they do."""
        return (
            self.n_items >= LEAST_ITEMS
            and self.chance_p > CHANCE
            and self.weighted.low <= 0
            and self.others.low > max(self.weighted.high, 0)
        )


class People(NamedTuple):
    """Agreement among people over items with two raters or more; None of it is about one true grade."""

    n_items: int
    n_labels: int  # on these items
    n_queries: int
    has_gold: bool
    alpha_nominal: Estimate
    alpha_ordinal: Estimate
    alpha_interval: Estimate
    fleiss_kappa: Estimate
    grades: list[GradeAgreement]
    raters: list[RaterAgreement]  # everybody with a label, in the order of their names
    pairs: list[PairAgreement]


def people_as_json(people: People) -> dict[str, Any]:
    return _plain(people)


def people_from_json(stored: dict[str, Any]) -> People:
    """The inverse of `people_as_json`."""
    raters = [
        RaterAgreement(**_fields(row | {"work": None}))._replace(work=RaterWork(**row["work"]))
        for row in stored["raters"]
    ]
    rest = {name: value for name, value in stored.items() if name not in ("grades", "raters", "pairs")}
    return People(
        **_fields(rest),
        grades=[GradeAgreement(**_fields(row)) for row in stored["grades"]],
        raters=raters,
        pairs=[PairAgreement(**_fields(row)) for row in stored["pairs"]],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Estimate):
        return [_plain(number) for number in value]
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    """Lists of three are estimates; a null where a number was is NaN, also outside estimates."""
    return {
        name: Estimate(*(nan if number is None else number for number in value))
        if isinstance(value, list)
        else nan
        if value is None and name != "work"
        else value
        for name, value in row.items()
    }
