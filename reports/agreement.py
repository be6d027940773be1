"""How far each judge of a project agrees with its people."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from corpus.models import Project
from judges.models import Condition, Judge
from measures.counts import Counts
from measures.estimates import Estimate
from measures.scores import ScoreTable, score_table
from measures.summary import Agreement, Evidence, summarise_judges
from reports.counts import JudgeCounts, count_said
from reports.distribution import ScoreDistribution, score_distribution
from reports.figures import Figures, figures_as_json, figures_from_json
from reports.models import CachedFigures
from reports.runs import JudgeRuns, complete_runs, names, state_of
from reports.scope import Scope
from reports.slices import references_in


class JudgeAgreement(NamedTuple):
    """One judge under one condition beside the reference."""

    name: str  # unique beside prompt and condition: an older version says that it is one
    judge: Judge
    condition: Condition | None
    run_ids: list[int]  # newest first
    figures: Figures
    more: Mapping[str, Estimate] = MappingProxyType({})  # further measures, by name

    def estimate(self, measure: str) -> Estimate:
        """The measure of this name."""
        return self.more[measure] if measure in self.more else getattr(self.agreement, measure)

    @property
    def agreement(self) -> Agreement:
        return self.figures.agreement

    @property
    def confusion(self) -> list[list[int]]:
        return self.figures.confusion

    @property
    def outcomes(self) -> dict[str, int]:
        return self.figures.outcomes

    @property
    def distribution(self) -> ScoreDistribution | None:
        return self.figures.distribution

    @property
    def prompt(self) -> str | None:
        return self.judge.prompt.name if self.judge.prompt else None

    @property
    def condition_name(self) -> str | None:
        return self.condition.name if self.condition else None

    @property
    def condition_id(self) -> int | None:
        return self.condition.pk if self.condition else None

    @property
    def key(self) -> str:
        """As it stands in an address: the judge, and its condition where it has one."""
        return f"{self.judge.pk}.{self.condition.pk}" if self.condition else str(self.judge.pk)

    @property
    def n_failed(self) -> int:
        """Verdicts without grade or score that are no abstention."""
        return sum(self.outcomes.get(outcome, 0) for outcome in FAILED)


FAILED = ("unreadable", "out_of_range", "empty", "refused", "error")


def agreement(project: Project, *, scope: Scope, name: str | None = None) -> list[JudgeAgreement]:
    """Every judge and condition with a complete verdict on an item that has a reference in this scope.

    In the order of `complete_runs`; with a `name` only the judges of that name. Figures already made for the
    same runs, references and scope are taken from the cache; the others are counted together and cached.
    """
    judges = [judged for judged in complete_runs(project) if name in (None, judged.judge.name)]
    keys = [scope.key(project, "judge", *map(state_of, judged.runs)) for judged in judges]
    known = CachedFigures.objects.known(project, keys)
    missing = [judged for judged, key in zip(judges, keys, strict=True) if key not in known]
    made = make_figures(missing, scope=scope)
    fresh = {
        key: figures_as_json(made[judged]) if judged in made else {}
        for judged, key in zip(judges, keys, strict=True)
        if key not in known
    }
    CachedFigures.objects.remember(project, fresh)
    known |= fresh
    found = [(judged, known[key]) for judged, key in zip(judges, keys, strict=True) if known[key]]
    return [
        JudgeAgreement(name, judged.judge, judged.condition, judged.ids, figures_from_json(figures))
        for name, (judged, figures) in zip(names([judged for judged, _ in found]), found, strict=True)
    ]


def make_figures(judges: Sequence[JudgeRuns], *, scope: Scope) -> dict[JudgeRuns, Figures]:
    """Count and measure these judges together; those without a verdict in the scope are left out."""
    if not judges:
        return {}
    references = references_in(judges[0].judge.project_id, scope)
    counted = count_said(judges, references, values=scope.values)
    evidence = [Evidence(each.counts, _score_table(each)) for each in counted]
    summaries = summarise_judges(
        evidence, values=scope.values, cut=scope.cut, replicates=scope.replicates, seed=scope.seed
    )
    return {
        each.judged: Figures(
            summary,
            each.counts.sum(axis=0).tolist(),
            each.outcomes,
            score_distribution(each.scores, n_grades=len(scope.values)) if each.scores else None,
        )
        for each, summary in zip(counted, summaries, strict=True)
    }


def _score_table(counted: JudgeCounts) -> ScoreTable | None:
    if counted.scores is None:
        return None
    counts: Counts = counted.counts
    return score_table(*counted.scores, n_queries=counts.shape[0], n_grades=counts.shape[1])
