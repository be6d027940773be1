"""Judges against each other: which agrees with people more, and is that more than chance?"""

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.models import Project
from measures.comparing import Difference, compare_judges
from measures.estimates import Estimate
from measures.kappa import kappa
from measures.together import Multiplicity, cluster_order, kappa_matrix, multiplicity
from reports.agreement import state_of
from reports.figures import estimate_as_json, estimate_from_json
from reports.models import CachedFigures
from reports.nulls import number
from reports.panel import Panel, read_panel
from reports.runs import JudgeRuns, complete_runs, names
from reports.scope import Scope

EPSILON = 0.05
"""Judges whose κ is within this of the best count as about as good, for multiplicity."""

WEIGHTS = ("plain", "quadratic")


class Compared(NamedTuple):
    """A judge in the comparison."""

    name: str
    judge_id: int
    prompt: str | None
    condition: str | None


class Comparison(NamedTuple):
    """Every two judges on the items that both graded."""

    judges: list[Compared]
    differences: list[Difference]  # of every two, in order
    kappas: list[list[Estimate]]  # κ of judge with judge, (J, J)
    order: list[int]  # judges, those together that agree most
    multiplicity: Multiplicity
    n_items: int
    n_left_out: int


def compare(project: Project, *, scope: Scope, weights: str = "plain") -> Comparison:
    """All judges of the project that have graded items of the scope, from the cache where nothing changed."""
    judges = complete_runs(project)
    marks = [state_of(run) for judged in judges for run in judged.runs]
    key = scope.key(project, "comparison", weights, *marks)
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        panel = read_panel(project.pk, judges, scope=scope)
        made = measure_comparison(panel, judges, scope=scope, weights=weights)
        known = {key: _as_json(made)}
        CachedFigures.objects.remember(project, known)
    return _from_json(known[key])


def measure_comparison(panel: Panel, judges: list[JudgeRuns], *, scope: Scope, weights: str) -> Comparison:
    """The comparison from a panel; judges without a grade are left out."""
    graded = np.flatnonzero((panel.judged >= 0).any(axis=0)).tolist()
    kept, judged = [judges[place] for place in graded], panel.judged[:, graded].astype(np.int64)
    pairs = list(combinations(range(len(kept)), 2))
    differences = compare_judges(
        panel.queries,
        panel.references,
        judged,
        pairs,
        weights=kappa_weights(len(scope.values), weights),
        seed=scope.seed,
    )
    matrix = kappa_matrix(judged, panel.queries, values=scope.values, seed=scope.seed) if pairs else []
    with_people = _with_people(panel, judged, n_grades=len(scope.values))
    return Comparison(
        [
            Compared(
                name,
                each.judge.pk,
                each.judge.prompt and each.judge.prompt.name,
                each.condition and each.condition.name,
            )
            for name, each in zip(names(kept), kept, strict=True)
        ],
        differences,
        matrix,
        cluster_order([[cell.value for cell in row] for row in matrix]),
        multiplicity(judged, with_people, epsilon=EPSILON) if kept else Multiplicity([], 0, np.nan, np.nan),
        len(panel.items),
        panel.n_left_out,
    )


def kappa_weights(n_grades: int, kind: str) -> NDArray[np.float64]:
    """Disagreement weights (K, K) by name."""
    places = np.arange(n_grades, dtype=np.float64)
    gaps = np.abs(places[:, None] - places[None, :])
    return gaps**2 if kind == "quadratic" else (gaps > 0).astype(np.float64)


def _with_people(panel: Panel, judged: NDArray[np.int64], *, n_grades: int) -> list[float]:
    found = []
    for column in judged.T:
        both = column >= 0
        cells = np.bincount(panel.references[both] * n_grades + column[both], minlength=n_grades**2)
        found.append(float(kappa(cells.reshape(n_grades, n_grades), range(n_grades))))
    return found


def _as_json(of: Comparison) -> dict[str, Any]:
    return of._asdict() | {
        "differences": [
            [*each._replace(difference=None), estimate_as_json(each.difference)] for each in of.differences
        ],
        "kappas": [[estimate_as_json(cell) for cell in row] for row in of.kappas],
    }


def _from_json(stored: dict[str, Any]) -> Comparison:
    differences = [
        Difference(*map(number, each[:-1]))._replace(difference=estimate_from_json(each[-1]))
        for each in stored["differences"]
    ]
    return Comparison(
        [Compared(*each) for each in stored["judges"]],
        differences,
        [[estimate_from_json(cell) for cell in row] for row in stored["kappas"]],
        stored["order"],
        Multiplicity(*map(number, stored["multiplicity"])),
        stored["n_items"],
        stored["n_left_out"],
    )
