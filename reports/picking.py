"""Which judge a page is about: the one in the address, or else the best."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

from corpus.models import Project
from measures.counts import graded
from measures.kappa import kappa
from reports.agreement import JudgeAgreement
from reports.counts import count_said
from reports.models import CachedFigures
from reports.nulls import number
from reports.runs import JudgeRuns, complete_runs, names, state_of
from reports.scope import Scope
from reports.slices import references_in


class Choice(NamedTuple):
    """A judge that a page can be about."""

    name: str
    judged: JudgeRuns
    kappa: float
    n_graded: int

    @property
    def key(self) -> str:
        """As it stands in an address: the judge, and its condition where it has one."""
        judge, condition = self.judged.judge, self.judged.condition
        return f"{judge.pk}.{condition.pk}" if condition else str(judge.pk)

    @property
    def prompt(self) -> str | None:
        return self.judged.judge.prompt.name if self.judged.judge.prompt else None

    @property
    def condition_name(self) -> str | None:
        return self.judged.condition.name if self.judged.condition else None


def choices(project: Project, *, scope: Scope) -> list[Choice]:
    """Every judge and condition with a verdict on an item that has a reference, in `complete_runs`' order.

    Without intervals: a page about one judge need not wait for those of all.
    """
    judges = complete_runs(project)
    key = scope.key(project, "choices", *(state_of(run) for judged in judges for run in judged.runs))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        known = {key: _measure(project, judges, scope)}
        CachedFigures.objects.remember(project, known)
    figures = {run: (number(value), n) for run, value, n in known[key]["judges"]}
    found = [judged for judged in judges if judged.ids[0] in figures]
    return [
        Choice(name, judged, *figures[judged.ids[0]])
        for name, judged in zip(names(found), found, strict=True)
    ]


def pick(found: Sequence[Choice], wanted: str) -> Choice | None:
    """The judge with this key; without one the best by κ, or else the first. None without judges."""
    asked_for = next((each for each in found if each.key == wanted), None)
    defined = [each for each in found if isfinite(each.kappa)]
    best = max(defined, key=lambda each: each.kappa, default=found[0] if found else None)
    return asked_for or best


def best_judge(judges: Sequence[JudgeAgreement]) -> JudgeAgreement | None:
    """The judge with the highest κ."""
    defined = [each for each in judges if isfinite(each.agreement.kappa.value)]
    return max(defined, key=lambda each: each.agreement.kappa.value, default=None)


def _measure(project: Project, judges: Sequence[JudgeRuns], scope: Scope) -> dict[str, Any]:
    counted = count_said(judges, references_in(project.pk, scope), values=scope.values)
    tables = [graded(each.counts).sum(axis=0) for each in counted]
    return {
        "judges": [
            [each.judged.ids[0], float(kappa(table, scope.values)), int(table.sum())]
            for each, table in zip(counted, tables, strict=True)
        ]
    }
