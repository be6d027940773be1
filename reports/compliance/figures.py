"""What a compliance report holds, and its form as JSON (undefined is null)."""

from typing import Any, NamedTuple

from measures.answers import Rates
from measures.clustered_logit import Effect, Factorial
from measures.contrasts import Change, Conclusion
from measures.estimates import Estimate
from reports.compliance.cells import contrast_name
from reports.figures import estimate_from_json
from reports.nulls import nulled, number


class ReportedJudge(NamedTuple):
    """A judge of the report, as pages call it."""

    judge_id: int
    name: str
    prompt: str | None

    @property
    def condition_name(self) -> None:
        return


class Family(NamedTuple):
    """Items of one kind."""

    name: str  # "answerable", or what was done to them
    n_items: int
    is_abstain: bool  # whether abstaining is right for them


class CellFigures(NamedTuple):
    """One judge in one cell."""

    judge: int  # position
    cell: str
    n_repeats: int
    rates: Rates
    kappa: Estimate  # quadratic, with people, over graded answerable items
    mae: Estimate  # in grade values
    n_graded: int


class CellChange(NamedTuple):
    """One contrast of one judge."""

    judge: int  # position
    first: str
    second: str
    change: Change

    @property
    def name(self) -> str:
        return contrast_name(self.first, self.second)


class FamilyChange(NamedTuple):
    """One judge's change on the items of one family: for exploring."""

    judge: int
    family: int
    change: Change
    p_bh: float  # over all judges and families (Benjamini–Hochberg)


class Report(NamedTuple):
    """An experiment as a whole, answers counted in one way."""

    judges: list[ReportedJudge]
    cells: list[str]
    families: list[Family]
    figures: list[CellFigures]
    planned: list[CellChange]  # one family of tests
    further: list[CellChange]  # arms and rungs: another one
    effects: list[Factorial]  # by judge
    explored: tuple[str, str] | None  # the contrast that families are explored in
    by_family: list[FamilyChange]
    n_items: int
    n_abstain: int  # items where abstaining is right
    n_without: int  # items that nobody graded: left out
    n_not_drawn: int  # items left out as there are too many
    within: int  # grades so far from people's count as correct
    unreadable: str  # "wrong" or "out"

    def of_judge(self, judge: int) -> dict[str, CellFigures]:
        """The cells of one judge, by cell."""
        return {each.cell: each for each in self.figures if each.judge == judge}

    def planned_of(self, judge: int) -> list[CellChange]:
        return [each for each in self.planned if each.judge == judge]

    def further_of(self, judge: int) -> list[CellChange]:
        return [each for each in self.further if each.judge == judge]

    def conclusion_of(self, judge: int) -> Conclusion:
        """What the planned contrasts of a judge come to."""
        return conclude_together([each.change for each in self.planned_of(judge)])


SEVEREST = (Conclusion.COLLAPSED, Conclusion.DEGRADED)


def conclude_together(changes: list[Change]) -> Conclusion:
    """The worst fall there is; immune only where every contrast is; improved where none fell and one rose."""
    found = [change.conclusion for change in changes if change.n_items]
    for severe in SEVEREST:
        if severe in found:
            return severe
    if found and all(each == Conclusion.IMMUNE for each in found):
        return Conclusion.IMMUNE
    return Conclusion.IMPROVED if Conclusion.IMPROVED in found else Conclusion.INCONCLUSIVE


def report_as_json(report: Report) -> dict[str, Any]:
    return nulled(report._asdict())


def report_from_json(stored: dict[str, Any]) -> Report:
    """The inverse of `report_as_json`."""
    return Report(**stored)._replace(
        judges=[ReportedJudge(*each) for each in stored["judges"]],
        families=[Family(*each) for each in stored["families"]],
        figures=[_cell(*each) for each in stored["figures"]],
        planned=[_cell_change(*each) for each in stored["planned"]],
        further=[_cell_change(*each) for each in stored["further"]],
        effects=[_factorial(*each) for each in stored["effects"]],
        explored=tuple(stored["explored"]) if stored["explored"] else None,
        by_family=[_family_change(*each) for each in stored["by_family"]],
    )


def _cell(judge: int, cell: str, n_repeats: int, rates: list, kappa: list, mae: list, n: int) -> CellFigures:
    made = Rates(*rates)
    made = made._replace(
        counts=tuple(made.counts),
        **{
            name: estimate_from_json(getattr(made, name))
            for name in ("accuracy", "fabrication", "over_abstention", "unreadable")
        },
    )
    return CellFigures(judge, cell, n_repeats, made, estimate_from_json(kappa), estimate_from_json(mae), n)


def _cell_change(judge: int, first: str, second: str, change: list) -> CellChange:
    return CellChange(judge, first, second, _change(change))


def _family_change(judge: int, family: int, change: list, p_bh: float | None) -> FamilyChange:
    return FamilyChange(judge, family, _change(change), number(p_bh))


def _change(stored: list) -> Change:
    made = Change(*stored)
    low, high = made.equivalence
    numbers = {
        name: number(value)
        for name, value in made._asdict().items()
        if name not in ("difference", "equivalence", "conclusion")
    }
    return made._replace(
        **numbers,
        difference=estimate_from_json(made.difference),
        equivalence=(number(low), number(high)),
        conclusion=Conclusion(made.conclusion),
    )


def _factorial(effects: list, p_interaction: float | None, n: int, n_left_out: int, reason: str) -> Factorial:
    made = tuple(
        Effect(term, estimate_from_json(log_odds), number(z), number(p), estimate_from_json(points))
        for term, log_odds, z, p, points in effects
    )
    return Factorial(made, number(p_interaction), n, n_left_out, reason)
