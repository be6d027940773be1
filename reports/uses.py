"""What a judge may be used for, by rules that a project sets itself.

A rule compares an interval with a floor: above it the answer is yes, below it no, and open where the interval
holds the floor. Verdicts that abstained or failed count as wrong: who uses the judge gets them too.
"""

from math import isfinite
from typing import NamedTuple

from corpus.models import Project
from measures.estimates import UNDEFINED, Estimate
from reports.agreement import JudgeAgreement
from reports.details import Details
from reports.models import UseFloors
from reports.scope import Scope
from reports.showing import has_interval, said
from reports.system_scores import DEFAULT_MEASURE
from reports.systems import known_systems

YES, NO, OPEN, UNKNOWN = "yes", "no", "open", "unknown"


class Use(NamedTuple):
    """One use with the answer and the rule that led there."""

    name: str
    answer: str  # one of the four above
    reason: str


def uses_of(project: Project, found: JudgeAgreement, details: Details, *, scope: Scope) -> list[Use]:
    """The four uses of a judge in this scope, in order."""
    floors = UseFloors.of(project)
    return [
        _use("Graded qrels", details.as_wrong["kappa_quadratic"], floors.graded, "κ with quadratic weights"),
        _use("Filtering by relevance", details.as_wrong["kappa_binary"], floors.binary, "κ at the cut"),
        _ranking(project, found, floors.ranking, scope=scope),
        _use(
            "Hard negatives",
            details.as_wrong["negative_precision_binary"],
            floors.negatives,
            "the share of what it calls not relevant that is not",
        ),
    ]


def say_uses(uses: list[Use]) -> str:
    """What the judge may and may not be used for, in one sentence; empty where nothing is decided."""
    may = [use.name.lower() for use in uses if use.answer == YES]
    may_not = [use.name.lower() for use in uses if use.answer == NO]
    if not may and not may_not:
        return ""
    if not may:
        return f"By this project's floors it is not good enough for {_listed(may_not)}."
    sentence = f"By this project's floors it is good enough for {_listed(may)}"
    return f"{sentence}, not for {_listed(may_not)}." if may_not else f"{sentence}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ranking(project: Project, found: JudgeAgreement, floor: float, *, scope: Scope) -> Use:
    name = "Ranking systems"
    if not project.systems.exists():
        return Use(name, UNKNOWN, "The project has no systems: import their run files.")
    report = known_systems(project, measure=DEFAULT_MEASURE, scope=scope)
    if report is None:
        return Use(name, UNKNOWN, "Open Systems once: the orders are not worked out for these verdicts yet.")
    taus = [
        each.tau
        for each in report.judges
        if (each.judge_id, each.condition) == (found.judge.pk, found.condition_name)
    ]
    what = f"τ of {len(report.systems):,} systems under {report.measure}"
    return _use(name, taus[0] if taus else UNDEFINED, floor, what)


def _use(name: str, estimate: Estimate, floor: float, what: str) -> Use:
    first = what[0].upper() + what[1:] if what[0].isascii() else what  # κ stays κ
    if not isfinite(estimate.value):
        return Use(name, UNKNOWN, f"{first} is undefined here: too few or too uniform grades.")
    if not has_interval(estimate):
        return Use(name, UNKNOWN, f"{first} is {said(estimate)}, from too few queries for an interval.")
    if estimate.low >= floor:
        return Use(name, YES, f"{first} is {said(estimate)}: its whole interval reaches {floor:g}.")
    if estimate.high < floor:
        return Use(name, NO, f"{first} is {said(estimate)}: its whole interval stays below {floor:g}.")
    return Use(name, OPEN, f"{first} is {said(estimate)}: the interval holds {floor:g}.")
