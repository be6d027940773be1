"""Further measures of every judge, a group at a time, both ways of counting verdicts without a grade."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from corpus.models import Project
from measures.catalogue import GROUPS, measures_of_group
from measures.counts import Counts, graded, ungraded_as_wrong
from measures.estimates import Estimate, estimate_together
from measures.kappa import kappa
from reports.agreement import JudgeAgreement
from reports.ceiling import count_pairs
from reports.counts import count_said
from reports.detail_words import SIGNS, TITLES, words_of
from reports.figures import estimate_as_json, estimate_from_json
from reports.measure_words import MEASURE_WORDS, MeasureWords
from reports.models import CachedFigures
from reports.runs import complete_runs, state_of
from reports.scope import Scope, label_mark
from reports.slices import references_in

MAIN = "main"
CHOICES = {MAIN: "The main ones", **TITLES}
COUNTINGS = {"without": "left out", "wrong": "counted as wrong"}
"""What to do with verdicts that abstained or failed."""


def with_measures(
    project: Project, judges: Sequence[JudgeAgreement], *, scope: Scope, group: str, counting: str
) -> list[JudgeAgreement]:
    """The same judges with κ and the measures of a group (or "all") as `more`, from the cache where known."""
    complete = {tuple(each.ids): each for each in complete_runs(project)}
    runs = [complete[tuple(judge.run_ids)] for judge in judges]
    keys = [scope.key(project, "group", group, counting, *map(state_of, each.runs)) for each in runs]
    known = CachedFigures.objects.known(project, keys)
    missing = [each for each, key in zip(runs, keys, strict=True) if key not in known]
    if missing:
        counted = count_said(missing, references_in(project.pk, scope), values=scope.values)
        made = _measure([each.counts for each in counted], scope, group, counting)
        of = {tuple(each.judged.ids): figures for each, figures in zip(counted, made, strict=True)}
        fresh = {
            key: _as_json(of.get(tuple(each.ids), {}))
            for each, key in zip(runs, keys, strict=True)
            if key not in known
        }
        CachedFigures.objects.remember(project, fresh)
        known |= fresh
    return [judge._replace(more=_from_json(known[key])) for judge, key in zip(judges, keys, strict=True)]


def people_measures(project: Project, *, scope: Scope, group: str) -> dict[str, Estimate]:
    """The measures of a group between two people; nothing where no item has the grades of two."""
    key = scope.key(project, "people group", group, label_mark(project))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        counts = count_pairs(project, scope)
        made = _measure([counts], scope, group, "without")[0] if counts is not None else {}
        known = {key: _as_json(made)}
        CachedFigures.objects.remember(project, known)
    return _from_json(known[key])


def words_of_group(group: str, *, scope: Scope) -> list[MeasureWords]:
    """The columns of a group, in its order; of "main" those beside κ."""
    if group == MAIN:
        return list(MEASURE_WORDS[1:])
    return [
        MeasureWords(
            name,
            SIGNS.get(name, words_of(name)[0]),
            *words_of(name),
            lower_is_better=name == "mae",
            zero_is_best=name.startswith("bias"),
        )
        for name in measures_of_group(group, values=scope.values, cut=scope.cut)
        if name != "kappa"
    ]


def _measure(counts: Sequence[Counts], scope: Scope, group: str, counting: str) -> list[dict[str, Estimate]]:
    groups = GROUPS if group == "all" else (group,)
    measures = {
        name: measure
        for each in groups
        for name, measure in measures_of_group(each, values=scope.values, cut=scope.cut).items()
    }
    measures |= {"kappa": partial(kappa, values=scope.values)}
    if counting == "wrong":
        counts = [ungraded_as_wrong(each, values=scope.values, cut=scope.cut) for each in counts]
    return estimate_together(
        [graded(each) for each in counts],
        measures,
        asked=[each.any(axis=(1, 2)) for each in counts],
        replicates=scope.replicates,
        seed=scope.seed,
    )


def _as_json(of: dict[str, Estimate]) -> dict[str, Any]:
    return {name: estimate_as_json(each) for name, each in of.items()}


def _from_json(stored: dict[str, Any]) -> dict[str, Estimate]:
    return {name: estimate_from_json(each) for name, each in stored.items()}
