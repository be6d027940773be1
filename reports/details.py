"""Everything about one judge beside people: every measure, both ways of counting, and its scores."""

from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from corpus.models import Project
from corpus.variants import no_variant
from judges.models import Outcome
from judges.models.judge import Scoring
from measures.bootstrap import Tally
from measures.calibration import Bin
from measures.catalogue import GROUPS, measures_of_group
from measures.counts import Counts, graded, n_graded, ungraded_as_wrong
from measures.estimates import Estimate, estimate_tallies
from measures.scored import Calibration, Decision, Scored, measure_scores
from reports.agreement import JudgeAgreement
from reports.counts import JudgeCounts, count_said
from reports.figures import estimate_as_json, estimate_from_json
from reports.models import CachedFigures
from reports.runs import complete_runs, state_of
from reports.scope import Scope
from reports.slices import references_in

MOST_STRIPES = 200
"""A strip by query shows so many queries at most, those with most verdicts."""


N_REASONS = 10
REASONS = f"""
    SELECT outcome, left(reason, 200), count(*) FROM judges_verdict
    WHERE run_id = ANY(%(runs)s) AND outcome <> ALL(%(graded)s) AND reason <> ''
      AND {no_variant("judges_verdict.item_id")}
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %(n)s
"""
N_MASSES = 20
MASSES = f"""
    SELECT least(greatest(floor(label_mass * %(n)s), 0), %(n)s - 1)::int, count(*)
    FROM judges_verdict WHERE run_id = ANY(%(runs)s) AND label_mass IS NOT NULL
      AND {no_variant("judges_verdict.item_id")}
    GROUP BY 1
"""


class QueryFigures(NamedTuple):
    """One query: where the judge goes astray."""

    query_id: int
    n: int
    accuracy: float
    bias: float


class Details(NamedTuple):
    """One judge's figures, by measure; `as_wrong` counts abstentions and failures as wrong grades."""

    n_ungraded: int  # abstained or failed
    without: dict[str, Estimate]
    as_wrong: dict[str, Estimate]
    bias_by_grade: list[Estimate]  # (K,) signed error where people gave this grade
    queries: list[QueryFigures]
    scored: Scored | None
    reasons: list[tuple[str, str, int]]  # outcome, reason and number of the commonest failures
    masses: list[int]  # verdicts by label mass, N_MASSES bins from 0 to 1; empty where none was measured


def details(project: Project, found: JudgeAgreement, *, scope: Scope) -> Details:
    """The details of this judge in this scope, from the cache where nothing has changed."""
    runs = next(each for each in complete_runs(project) if each.ids == found.run_ids)
    key = scope.key(project, "details", *map(state_of, runs.runs))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        references = references_in(project.pk, scope)
        (counted,) = count_said([runs], references, values=scope.values)
        made = measure_details(counted, scope=scope)._replace(
            reasons=_reasons(found.run_ids), masses=_masses(found.run_ids)
        )
        known = {key: _as_json(made)}
        CachedFigures.objects.remember(project, known)
    return _from_json(known[key])


def measure_details(counted: JudgeCounts, *, scope: Scope) -> Details:
    """All figures from counts and scores."""
    asked = counted.counts.any(axis=(1, 2))
    counts = counted.counts[asked]
    wrong = ungraded_as_wrong(counts, values=scope.values, cut=scope.cut)
    n_ungraded = n_graded(wrong) - n_graded(counts)
    without = _measured(counts, scope)
    return Details(
        n_ungraded,
        without,
        _measured(wrong, scope) if n_ungraded else without,
        _bias_by_grade(graded(counts), scope),
        _queries(counted, scope),
        _scored(counted, scope) if counted.scores else None,
        [],
        [],
    )


def _reasons(run_ids: list[int]) -> list[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        graded = [str(outcome) for outcome in (Outcome.GRADED, Outcome.SCORED)]
        cursor.execute(REASONS, {"runs": run_ids, "graded": graded, "n": N_REASONS})
        return cursor.fetchall()


def _masses(run_ids: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(MASSES, {"runs": run_ids, "n": N_MASSES})
        rows = dict(cursor.fetchall())
    return [rows.get(place, 0) for place in range(N_MASSES)] if rows else []


def _measured(counts: Counts, scope: Scope) -> dict[str, Estimate]:
    measures = {
        name: measure
        for group in GROUPS
        for name, measure in measures_of_group(group, values=scope.values, cut=scope.cut).items()
    }
    tally = Tally(graded(counts), measures)
    (found,) = estimate_tallies([tally], replicates=scope.replicates, seed=scope.seed)
    return found


def _bias_by_grade(tables: Counts, scope: Scope) -> list[Estimate]:
    """Mean signed error over the items with each reference grade: tables (Q, K, K) → (K,)."""
    values = np.asarray(scope.values, dtype=np.float64)
    tallies = [
        Tally(tables[:, place, :], {"bias": lambda rows, of=value: _mean_error(rows, values - of)})
        for place, value in enumerate(values)
    ]
    found = estimate_tallies(tallies, replicates=scope.replicates, seed=scope.seed)
    return [each["bias"] for each in found]


def _mean_error(rows, errors):
    n = rows.sum(axis=-1, dtype=np.float64)
    mean = np.full(n.shape, np.nan)
    np.divide(rows @ errors, n, out=mean, where=n > 0)
    return mean


def _queries(counted: JudgeCounts, scope: Scope) -> list[QueryFigures]:
    tables = graded(counted.counts)
    values = np.asarray(scope.values, dtype=np.float64)
    n = tables.sum(axis=(1, 2))
    shown = np.argsort(-n, kind="stable")[:MOST_STRIPES]
    shown = shown[n[shown] > 0]
    errors = values[None, :] - values[:, None]
    return [
        QueryFigures(
            int(counted.queries[place]),
            int(n[place]),
            float(np.trace(tables[place]) / n[place]),
            float((tables[place] * errors).sum() / n[place]),
        )
        for place in shown.tolist()
    ]


def _scored(counted: JudgeCounts, scope: Scope) -> Scored:
    queries, references, scores = counted.scores
    given = {}
    if counted.judged.judge.scoring == Scoring.GRADE:
        # The score is Σ p·v, so rounding it is the decision that takes distances for real.
        places = np.searchsorted((np.array(scope.values[1:]) + np.array(scope.values[:-1])) / 2, scores)
        given["expected grade, rounded: the Fréchet mean"] = places
    return measure_scores(
        queries, references, scores, values=scope.values, cut=scope.cut, given=given, seed=scope.seed
    )


def _as_json(details: Details) -> dict[str, Any]:
    scored = details.scored
    return details._asdict() | {
        "without": {name: estimate_as_json(each) for name, each in details.without.items()},
        "as_wrong": {name: estimate_as_json(each) for name, each in details.as_wrong.items()},
        "bias_by_grade": [estimate_as_json(each) for each in details.bias_by_grade],
        "scored": scored
        and scored._asdict()
        | {
            name: estimate_as_json(getattr(scored, name))
            for name in ("average_precision", "kendall", "ranking_accuracy")
        }
        | {"raw": _calibration_json(scored.raw), "calibrated": _calibration_json(scored.calibrated)}
        | {
            "decisions": {
                name: {key: estimate_as_json(each) for key, each in decision._asdict().items()}
                for name, decision in scored.decisions.items()
            }
        },
    }


def _calibration_json(of: Calibration | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return of._asdict() | {key: estimate_as_json(getattr(of, key)) for key in ("ece", "brier", "log_loss")}


def _from_json(stored: dict[str, Any]) -> Details:
    scored = stored["scored"]
    return Details(
        stored["n_ungraded"],
        {name: estimate_from_json(each) for name, each in stored["without"].items()},
        {name: estimate_from_json(each) for name, each in stored["as_wrong"].items()},
        [estimate_from_json(each) for each in stored["bias_by_grade"]],
        [QueryFigures(*each) for each in stored["queries"]],
        scored
        and Scored(
            scored["n"],
            *(
                estimate_from_json(scored[key])
                for key in ("average_precision", "kendall", "ranking_accuracy")
            ),
            _calibration_from(scored["raw"]),
            _calibration_from(scored["calibrated"]),
            [tuple(point) for point in scored["roc"]],
            {
                name: Decision(**{key: estimate_from_json(each) for key, each in of.items()})
                for name, of in scored["decisions"].items()
            },
        ),
        [tuple(each) for each in stored["reasons"]],
        stored["masses"],
    )


def _calibration_from(stored: dict[str, Any] | None) -> Calibration | None:
    if stored is None:
        return None
    figures = {key: estimate_from_json(stored[key]) for key in ("ece", "brier", "log_loss")}
    return Calibration(**figures, bins=[Bin(*each) for each in stored["bins"]])
