"""Judges against each other: which agrees with people more, and is that more than chance?"""

from functools import partial
from itertools import combinations
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.models import Project
from measures.bootstrap import Tally
from measures.comparing import PERMUTATIONS, REPLICATES, Difference, compare_judges
from measures.estimates import Estimate, estimate_tallies
from measures.kappa import kappa
from measures.pairs import item_pairs
from measures.pi import scott_pi
from measures.together import Multiplicity, cluster_order, grade_counts, kappa_matrix, multiplicity
from reports.figures import estimate_as_json, estimate_from_json
from reports.models import CachedFigures
from reports.nulls import number
from reports.panel import Panel, read_panel
from reports.runs import JudgeRuns, complete_runs, names, state_of
from reports.scope import Scope

EPSILON = 0.05
"""Judges whose κ is within this of the best count as about as good, for multiplicity."""

BESIDE_ONE = 2_500
"""Permutations where one judge stands beside the others: few rows to adjust for need no finer p."""

WEIGHTS = ("plain", "quadratic")


class Compared(NamedTuple):
    """A judge in the comparison."""

    name: str
    judge_id: int
    prompt: str | None
    condition: str | None
    condition_id: int | None
    kappa: float  # with people

    @property
    def called(self) -> str:
        """Name, prompt and condition."""
        return ", ".join(filter(None, [self.name, self.prompt, self.condition]))

    @property
    def key(self) -> str:
        """As it stands in an address."""
        return f"{self.judge_id}.{self.condition_id}" if self.condition_id else str(self.judge_id)


class Together(NamedTuple):
    """Judges beside each other."""

    judges: list[Compared]
    kappas: list[list[Estimate]]  # κ of judge with judge, (J, J)
    order: list[int]  # judges, those together that agree most
    fleiss: Estimate  # κ among all judges (Fleiss 1971), over items that two or more graded
    multiplicity: Multiplicity
    n_items: int
    n_left_out: int

    def place(self, key: str) -> int | None:
        """The position of the judge with this key."""
        return next((place for place, each in enumerate(self.judges) if each.key == key), None)

    @property
    def best(self) -> int | None:
        """The position of the judge with the highest κ."""
        defined = [place for place, each in enumerate(self.judges) if isfinite(each.kappa)]
        return max(defined, key=lambda place: self.judges[place].kappa, default=None)


def together(project: Project, *, scope: Scope) -> Together:
    """All judges of the project that have graded items of the scope, from the cache where nothing changed."""
    judges = complete_runs(project)
    key = _key(project, scope, judges, "together")
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        made = measure_together(read_panel(project.pk, judges, scope=scope), judges, scope=scope)
        known = {key: _together_as_json(made)}
        CachedFigures.objects.remember(project, known)
    return _together_from_json(known[key])


def compare(
    project: Project, *, scope: Scope, weights: str = "plain", against: int | None = None
) -> list[Difference]:
    """Every two judges on the items that both graded, in the order of `together`, adjusted for all of them.

    With `against`, a judge's position there, only the others beside it: a family of their own. From the cache
    where nothing changed.
    """
    judges = complete_runs(project)
    key = _key(project, scope, judges, "differences", weights, against)
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        panel = read_panel(project.pk, judges, scope=scope)
        made = measure_differences(panel, scope=scope, weights=weights, against=against)
        known = {key: _differences_as_json(made)}
        CachedFigures.objects.remember(project, known)
    return [
        Difference(*map(number, each[:-1]))._replace(difference=estimate_from_json(each[-1]))
        for each in known[key]["differences"]
    ]


def measure_together(panel: Panel, judges: list[JudgeRuns], *, scope: Scope) -> Together:
    """Judges beside each other, from a panel; those without a grade are left out."""
    graded = _graded(panel)
    kept, judged = [judges[place] for place in graded], panel.judged[:, graded].astype(np.int64)
    matrix = (
        kappa_matrix(judged, panel.queries, values=scope.values, seed=scope.seed) if len(kept) > 1 else []
    )
    with_people = _with_people(panel, judged, n_grades=len(scope.values))
    return Together(
        [
            Compared(
                name,
                each.judge.pk,
                each.judge.prompt and each.judge.prompt.name,
                each.condition and each.condition.name,
                each.condition and each.condition.pk,
                value,
            )
            for name, each, value in zip(names(kept), kept, with_people, strict=True)
        ],
        matrix,
        cluster_order([[cell.value for cell in row] for row in matrix]),
        _fleiss(panel, judged, scope),
        multiplicity(judged, with_people, epsilon=EPSILON) if kept else Multiplicity([], 0, np.nan, np.nan),
        len(panel.items),
        panel.n_left_out,
    )


def measure_differences(panel: Panel, *, scope: Scope, weights: str, against: int | None) -> list[Difference]:
    """Tests between judges, from a panel; positions are among those that have a grade."""
    judged = panel.judged[:, _graded(panel)].astype(np.int64)
    n_judges = judged.shape[1]
    pairs = list(combinations(range(n_judges), 2))
    if against is not None:
        pairs = [(against, other) for other in range(n_judges) if other != against]
    return compare_judges(
        panel.queries,
        panel.references,
        judged,
        pairs,
        weights=kappa_weights(len(scope.values), weights),
        permutations=PERMUTATIONS if against is None else BESIDE_ONE,
        seed=scope.seed,
    )


def _graded(panel: Panel) -> list[int]:
    """The judges that have a grade."""
    places: list[int] = np.flatnonzero((panel.judged >= 0).any(axis=0)).tolist()
    return places


def _key(project: Project, scope: Scope, judges: list[JudgeRuns], *facts: object) -> str:
    return scope.key(project, *facts, *(state_of(run) for judged in judges for run in judged.runs))


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


def _fleiss(panel: Panel, judged: NDArray[np.int64], scope: Scope) -> Estimate:
    n_queries = int(panel.queries.max(initial=-1)) + 1
    given = grade_counts(judged, n_grades=len(scope.values))
    tables = item_pairs(given, panel.queries, n_queries=n_queries)
    tally = Tally(tables, {"fleiss": partial(scott_pi, values=scope.values)})
    (found,) = estimate_tallies([tally], replicates=REPLICATES, seed=scope.seed)
    return found["fleiss"]


def _differences_as_json(found: list[Difference]) -> dict[str, Any]:
    return {
        "differences": [
            [*each._replace(difference=None), estimate_as_json(each.difference)] for each in found
        ]
    }


def _together_as_json(of: Together) -> dict[str, Any]:
    return of._asdict() | {
        "kappas": [[estimate_as_json(cell) for cell in row] for row in of.kappas],
        "fleiss": estimate_as_json(of.fleiss),
    }


def _together_from_json(stored: dict[str, Any]) -> Together:
    return Together(
        [Compared(*each[:-1], number(each[-1])) for each in stored["judges"]],
        [[estimate_from_json(cell) for cell in row] for row in stored["kappas"]],
        stored["order"],
        estimate_from_json(stored["fleiss"]),
        Multiplicity(*map(number, stored["multiplicity"])),
        stored["n_items"],
        stored["n_left_out"],
    )
