"""How far the people of a project agree with each other, all together, grade by grade and one by one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from django.db.models import Count, Max
from numpy.typing import NDArray

from annotate.models import Adjudication, Round
from corpus.models import Project
from measures.alpha import alpha_interval, alpha_nominal, alpha_ordinal
from measures.bootstrap import Tally
from measures.error import accuracy, bias
from measures.estimates import estimate_tallies
from measures.kappa import kappa, kappa_quadratic
from measures.pairs import item_pairs, value_pairs
from measures.permutation import permutation_p
from measures.pi import pi_of_grade, scott_pi, specific_agreement
from measures.tables import Tables
from reports.models import CachedFigures
from reports.people_counts import Patterns, PeopleCounts, count_people
from reports.people_figures import (
    GradeAgreement,
    PairAgreement,
    People,
    RaterAgreement,
    people_as_json,
    people_from_json,
)
from reports.scope import Scope, label_mark

REPLICATES = 2_000
"""Fewer than elsewhere: these figures are made anew whenever somebody has labelled."""

Measure = Callable[[Tables], NDArray[np.float64]]


def people_agreement(
    project: Project, *, scope: Scope, round: Round | None = None, criterion: int = 0
) -> People:
    """Agreement among the people of the project, or of one round, with 95 % intervals over queries.

    On the project's own scale or the round's; `criterion` is the place among the scales of its rubric.
    Taken from the cache while no label and no adjudication has changed. Queries of all splits count: people
    are not tuned on any.
    """
    if round or criterion:
        rubric = round.rubric if round else project.rubric
        scope = scope._replace(values=tuple(rubric.scales[criterion].values))
    scope = scope._replace(split=None, replicates=min(scope.replicates, REPLICATES))
    marks = label_mark(project), _adjudication_mark(project)
    key = scope.key(project, "people", round and round.pk, criterion, *marks)
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        counted = count_people(project, round=round, values=scope.values, criterion=criterion)
        known = {key: people_as_json(measure_people(counted, scope=scope))}
        CachedFigures.objects.remember(project, known)
    return people_from_json(known[key])


def measure_people(counted: PeopleCounts, *, scope: Scope) -> People:
    """Every figure of the page from the counts; all intervals share one set of drawn queries."""
    values, seen = scope.values, counted.patterns
    n_raters, n_queries = len(counted.raters), counted.n_queries
    m = seen.counts.sum(axis=1)
    share = seen.amounts / np.maximum(m, 1)  # a pattern of m labels stands in m of its items' rows
    by_value = value_pairs(seen.counts, seen.queries, n_queries=n_queries, amounts=share)
    by_item = item_pairs(seen.counts, seen.queries, n_queries=n_queries, amounts=share)
    versus = [_versus(seen, rater, n_queries=n_queries, n_grades=len(values)) for rater in range(n_raters)]
    standards: Sequence[NDArray[np.int64]] = (
        [_standard(seen, rater, n_queries=n_queries, n_grades=len(values)) for rater in range(n_raters)]
        if counted.gold is None
        else list(counted.gold)
    )
    everybody = np.sum(versus, axis=0) if versus else np.zeros((n_queries, len(values), len(values)), int)
    at = partial(_at, values=values)
    tallies = [
        Tally(by_value, at({"nominal": alpha_nominal, "ordinal": alpha_ordinal, "interval": alpha_interval})),
        Tally(by_item, {"fleiss": partial(scott_pi, values=values)} | _of_grades(values)),
        *(Tally(joint.counts, at({"kappa": kappa})) for joint in counted.joints),
        *(Tally(table, at({"kappa": kappa, "weighted": kappa_quadratic, "bias": bias})) for table in versus),
        *(
            Tally(everybody - table - table.swapaxes(1, 2), at({"weighted": kappa_quadratic}))
            for table in versus
        ),
        *(Tally(table, at({"kappa": kappa, "accuracy": accuracy})) for table in standards),
    ]
    found = iter(estimate_tallies(tallies, replicates=scope.replicates, seed=scope.seed))
    alphas, grades = next(found), next(found)
    pairs = [
        PairAgreement(
            counted.raters[joint.first],
            counted.raters[joint.second],
            int(joint.counts.sum()),
            next(found)["kappa"],
        )
        for joint in counted.joints
    ]
    of_raters, of_others, of_standards = ([next(found) for _ in range(n_raters)] for _ in range(3))
    several = m >= 2
    used = np.bincount(seen.grades[several], weights=seen.amounts[several], minlength=len(values))
    return People(
        n_items=round_off(share[several].sum()),
        n_labels=int(seen.amounts[several].sum()),
        n_queries=len(np.unique(seen.queries[several])),
        has_gold=counted.gold is not None,
        alpha_nominal=alphas["nominal"],
        alpha_ordinal=alphas["ordinal"],
        alpha_interval=alphas["interval"],
        fleiss_kappa=grades["fleiss"],
        grades=[
            GradeAgreement(value, int(used[i]), grades[f"kappa {i}"], grades[f"specific {i}"])
            for i, value in enumerate(values)
        ],
        raters=[
            RaterAgreement(
                rater=counted.raters[i],
                work=counted.work[i],
                n_items=int(seen.amounts[several & (seen.raters == i)].sum()),
                n_comparisons=int(versus[i].sum()),
                kappa=of_raters[i]["kappa"],
                weighted=of_raters[i]["weighted"],
                bias=of_raters[i]["bias"],
                others=of_others[i]["weighted"],
                chance_p=_chance(seen, i, values=values, seed=scope.seed),
                n_standard=int(standards[i].sum()),
                standard_kappa=of_standards[i]["kappa"],
                standard_accuracy=of_standards[i]["accuracy"],
            )
            for i in range(n_raters)
        ],
        pairs=pairs,
    )


def round_off(number: float) -> int:
    """A count that was added up from shares."""
    return int(np.rint(number))


def _at(measures: dict[str, Callable[..., Any]], *, values: Sequence[int]) -> dict[str, Measure]:
    return {name: partial(measure, values=values) for name, measure in measures.items()}


def _of_grades(values: Sequence[int]) -> dict[str, Measure]:
    measures: dict[str, Measure] = {}
    for position in range(len(values)):
        measures[f"kappa {position}"] = partial(pi_of_grade, values=values, position=position)
        measures[f"specific {position}"] = partial(specific_agreement, values=values, position=position)
    return measures


def _others(seen: Patterns, rater: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which rows (N,) are the rater's, and what the others said there: counts (n, K)."""
    own = seen.raters == rater
    others = seen.counts[own].copy()
    others[np.arange(len(others)), seen.grades[own]] -= 1
    return own, others


def _versus(seen: Patterns, rater: int, *, n_queries: int, n_grades: int) -> NDArray[np.int64]:
    """The others' grade × the rater's, by query: (Q, K, K), one for each comparison."""
    own, others = _others(seen, rater)
    tables = np.zeros((n_queries, n_grades, n_grades), dtype=np.int64)
    for grade in range(n_grades):
        np.add.at(
            tables[:, grade, :], (seen.queries[own], seen.grades[own]), others[:, grade] * seen.amounts[own]
        )
    return tables


def _standard(seen: Patterns, rater: int, *, n_queries: int, n_grades: int) -> NDArray[np.int64]:
    """The standard × the rater's grade, by query: (Q, K, K). A tie among the others is no standard."""
    own, others = _others(seen, rater)
    most = others.max(axis=1, initial=0)
    is_clear = ((others == most[:, None]).sum(axis=1) == 1) & (others.sum(axis=1) >= 2)
    decided = seen.decided[own]
    standard = np.where(decided >= 0, decided, np.where(is_clear, others.argmax(axis=1), -1))
    known = standard >= 0
    tables = np.zeros((n_queries, n_grades, n_grades), dtype=np.int64)
    cells = (seen.queries[own][known], standard[known], seen.grades[own][known])
    np.add.at(tables, cells, seen.amounts[own][known])
    return tables


def _chance(seen: Patterns, rater: int, *, values: Sequence[int], seed: int) -> float:
    own, others = _others(seen, rater)
    shared = others.sum(axis=1) > 0
    if not shared.any():
        return float("nan")
    patterns, position = np.unique(others[shared], axis=0, return_inverse=True)
    given = np.zeros((len(patterns), len(values)), dtype=np.int64)
    np.add.at(given, (position.ravel(), seen.grades[own][shared]), seen.amounts[own][shared])
    return permutation_p(patterns, given, partial(kappa_quadratic, values=values), seed=seed)


def _adjudication_mark(project: Project) -> list[str]:
    decided = Adjudication.objects.for_project(project)
    facts = decided.aggregate(Max("id"), Count("superseded_at"))
    return [str(fact) for fact in facts.values()]
