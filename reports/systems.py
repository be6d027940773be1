"""Do judges put systems in the order in which people put them?"""

from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, Max
from numpy.typing import NDArray

from corpus.models import Project
from measures.aggregation import borda, kemeny
from measures.bootstrap import query_weights
from measures.estimates import Estimate, estimate, estimate_by_spread
from measures.orders import (
    Inversion,
    PairAgreement,
    inversions,
    kendall_tau,
    pair_agreement,
    rbo,
    spearman_rho,
    tau_ap,
)
from reports.figures import estimate_as_json, estimate_from_json
from reports.models import CachedFigures
from reports.nulls import number
from reports.runs import JudgeRuns, complete_runs, names, state_of
from reports.scope import Scope
from reports.system_scores import SystemScores, parse_measure, score_systems

REPLICATES = 1_000
N_INVERSIONS = 10
ORDERS = {"tau": kendall_tau, "tau_ap": tau_ap, "rho": spearman_rho, "rbo": rbo}


class JudgeRanking(NamedTuple):
    """The order of systems by one judge's grades beside the order by people's."""

    name: str
    judge_id: int
    prompt: str | None
    condition: str | None
    n_grades: int
    tau: Estimate
    tau_ap: Estimate
    rho: Estimate
    rbo: Estimate
    means: list[float]  # (S,)
    inversions: list[Inversion]
    pairs: PairAgreement


class SystemsReport(NamedTuple):
    """Systems, in the order of their names, under people's grades and every judge's."""

    measure: str
    n_queries: int
    systems: list[str]
    people: list[Estimate]  # (S,) mean over queries
    judges: list[JudgeRanking]
    concurrence: list[list[float]]  # τ of every two label sets, people first
    borda: list[float]  # (S,) over judges
    kemeny: list[int]  # systems, best first, over judges
    is_kemeny_exact: bool


def rank_systems(project: Project, *, measure: str, scope: Scope) -> SystemsReport:
    """Every judge's order of the project's systems beside people's, with 95 % intervals over queries.

    Taken from the cache while no system, grade or verdict has changed. Raises MeasureRefused.
    """
    parse_measure(measure, cut=scope.cut)
    judges = complete_runs(project)
    key = _key(project, judges, measure, scope)
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        scores = score_systems(project, judges, measure=measure, scope=scope)
        made = measure_systems(scores, measure=measure, seed=scope.seed)
        known = {key: _as_json(made)}
        CachedFigures.objects.remember(project, known)
    return _from_json(known[key])


def known_systems(project: Project, *, measure: str, scope: Scope) -> SystemsReport | None:
    """The report where it is in the cache already: for pages that would not wait for it."""
    key = _key(project, complete_runs(project), measure, scope)
    known = CachedFigures.objects.known(project, [key])
    return _from_json(known[key]) if key in known else None


def _key(project: Project, judges: list[JudgeRuns], measure: str, scope: Scope) -> str:
    facts = project.systems.aggregate(Max("id"), Count("id"))
    marks = [*map(str, facts.values()), *(state_of(run) for judged in judges for run in judged.runs)]
    return scope.key(project, "systems", measure, *marks)


def measure_systems(scores: SystemScores, *, measure: str, seed: int) -> SystemsReport:
    """The report from scores by query; all intervals share one set of drawn queries."""
    weights = _weights(scores.n_queries, seed=seed)
    people = _resampled(scores.people, weights)
    sets = [scores.people, *(table for _, _, table in scores.judges)]
    means = [_means(table) for table in sets]
    called = names([judged for judged, _, _ in scores.judges])
    judges = [
        _ranking(name, judged, n_grades, scores.people, table, people, weights)
        for name, (judged, n_grades, table) in zip(called, scores.judges, strict=True)
    ]
    of_judges = np.array(means[1:])
    consensus = kemeny(of_judges) if judges and scores.systems else None
    return SystemsReport(
        measure,
        scores.n_queries,
        scores.systems,
        [
            estimate(float(mean), replicates, n_queries=scores.n_queries)
            for mean, replicates in zip(means[0], people.T, strict=True)
        ],
        judges,
        [[float(kendall_tau(one, other)) for other in means] for one in means] if scores.systems else [],
        borda(of_judges).tolist() if consensus else [],
        consensus.order if consensus else [],
        consensus.is_exact if consensus else True,
    )


def _ranking(
    name: str,
    judged: JudgeRuns,
    n_grades: int,
    people: NDArray[np.float64],
    table: NDArray[np.float64],
    people_drawn: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> JudgeRanking:
    ours, drawn = _means(table), _resampled(table, weights)
    reference = _means(people)
    alike = {
        key: estimate_by_spread(
            float(measure(reference, ours)),
            measure(people_drawn, drawn),
            n_queries=table.shape[1],
            bounds=(0.0 if key == "rbo" else -1.0, 1.0),
        )
        for key, measure in ORDERS.items()
    }
    return JudgeRanking(
        name,
        judged.judge.pk,
        judged.judge.prompt and judged.judge.prompt.name,
        judged.condition and judged.condition.name,
        n_grades,
        **alike,
        means=ours.tolist(),
        inversions=inversions(reference, ours, most=N_INVERSIONS),
        pairs=pair_agreement(people, table),
    )


def _means(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over queries that mathematically equal systems share to the last bit."""
    return np.round(table.mean(axis=1), 12) if table.size else np.zeros(len(table))


def _weights(n_queries: int, *, seed: int) -> NDArray[np.float64]:
    if n_queries < 2:
        return np.zeros((0, n_queries))
    drawn = query_weights(n_queries, replicates=REPLICATES, seed=seed)
    return np.concatenate(list(drawn)).astype(np.float64)


def _resampled(table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of each replicate (B, S)."""
    return np.round(weights @ table.T / max(1, table.shape[1]), 12)


def _as_json(report: SystemsReport) -> dict[str, Any]:
    return report._asdict() | {
        "people": [estimate_as_json(each) for each in report.people],
        "judges": [
            each._asdict() | {key: estimate_as_json(getattr(each, key)) for key in ORDERS}
            for each in report.judges
        ],
    }


def _from_json(stored: dict[str, Any]) -> SystemsReport:
    judges = [
        JudgeRanking(
            **each
            | {key: estimate_from_json(each[key]) for key in ORDERS}
            | {
                "inversions": [Inversion(*pair) for pair in each["inversions"]],
                "pairs": PairAgreement(*each["pairs"]),
            }
        )
        for each in stored["judges"]
    ]
    tau = [[number(each) for each in row] for row in stored["concurrence"]]
    points = [number(each) for each in stored["borda"]]
    people = [estimate_from_json(each) for each in stored["people"]]
    return SystemsReport(**stored | {"people": people, "judges": judges, "concurrence": tau, "borda": points})
