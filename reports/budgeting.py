"""How few labels are enough with this judge: estimates with its verdicts, labels still needed, which next."""

from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from corpus.models import Project
from corpus.variants import no_variant
from measures.budget import Need, Spread, influences, labels_needed, neyman, spread_of_kappa
from measures.estimates import Estimate
from measures.powered import Powered, powered_mean
from reports.counts import place_queries
from reports.figures import estimate_as_json, estimate_from_json
from reports.models import CachedFigures
from reports.nulls import number
from reports.reading import WORK_MEM, References, grade_positions
from reports.runs import JudgeRuns, state_of
from reports.scope import Scope
from reports.slices import references_in
from reports.verdict_rows import verdict_rows

TARGET = 0.05
"""Half the interval of κ that is aimed at unless another is asked for."""

N_NEXT = 100
CURVE = tuple(2.0**power for power in np.arange(-2, 4.01, 0.5))  # × the labels there are

GRADED = f"""
    SELECT string_agg(int8send(verdict.item_id), ''::bytea), string_agg(int8send(item.query_id), ''::bytea),
           string_agg(int2send(verdict.grade), ''::bytea)
    FROM ({{verdicts}}) verdict JOIN corpus_item item ON item.id = verdict.item_id
    JOIN corpus_query query ON query.id = item.query_id
    WHERE verdict.grade = ANY(%(values)s) AND (%(split)s::varchar IS NULL OR query.split = %(split)s)
      AND {no_variant("verdict.item_id")}
"""


class Stratum(NamedTuple):
    """The items that the judge gave one grade."""

    grade: int
    n: int
    n_labelled: int
    spread: float  # standard deviation of the labelled items' influence on κ; NaN with fewer than two
    n_next: int  # of the next labels


class Budget(NamedTuple):
    """What labels have bought so far, and what more of them would."""

    relevant: Powered  # share of relevant items
    mean: Powered  # mean grade
    spread: Spread
    need: Need
    target: float
    strata: list[Stratum]
    curve: list[tuple[int, float, float]]  # labels in all; half the interval in new queries, in the same ones

    @property
    def half_width(self) -> float:
        """Half the interval of κ now; NaN where it is not known."""
        if not self.spread.n_queries or np.isnan(self.spread.between):
            return float("nan")
        per_query = self.spread.n / self.spread.n_queries
        return self.spread.half_width(n_queries=self.spread.n_queries, per_query=per_query)

    @property
    def n_open(self) -> int:
        """Items that the judge graded and people did not."""
        return sum(each.n - each.n_labelled for each in self.strata)


class _Graded(NamedTuple):
    """Everything that one judge graded, by item."""

    items: NDArray[np.int64]  # (N,) keys
    queries: NDArray[np.int64]  # (N,) positions
    judged: NDArray[np.int64]  # (N,) positions of grades
    people: NDArray[np.int64]  # (N,) positions of grades, −1 where there is none

    @property
    def labelled(self) -> NDArray[np.bool_]:
        return self.people >= 0


def budget_of(project: Project, judged: JudgeRuns, *, scope: Scope, target: float, n_next: int) -> Budget:
    """The budget of this judge in this scope, from the cache where nothing has changed."""
    key = scope.key(project, "budget", target, n_next, *map(state_of, judged.runs))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        graded = _read(project, judged, scope)
        known = {key: _as_json(measure_budget(graded, scope=scope, target=target, n_next=n_next))}
        CachedFigures.objects.remember(project, known)
    return _from_json(known[key])


def items_next(project: Project, judged: JudgeRuns, *, scope: Scope, n_next: int) -> list[int]:
    """The items to label next: by the judge's grades as `Stratum.n_next` says, spread over queries.

    Within a grade first those of queries with the fewest labels, one a query in turn, in a seeded order.
    """
    graded = _read(project, judged, scope)
    _, strata = _strata(graded, scope=scope, n_next=n_next)
    generator = np.random.default_rng(scope.seed)
    shuffled = generator.permutation(len(graded.items))
    n_labels = np.bincount(graded.queries[graded.labelled], minlength=int(graded.queries.max(initial=-1)) + 1)
    chosen: list[int] = []
    for position, stratum in enumerate(strata):
        open_ = shuffled[(graded.judged[shuffled] == position) & ~graded.labelled[shuffled]]
        turn = n_labels[graded.queries[open_]] + _rank_within(graded.queries[open_])
        chosen += graded.items[open_[np.argsort(turn, kind="stable")[: stratum.n_next]]].tolist()
    return chosen


def measure_budget(graded: _Graded, *, scope: Scope, target: float, n_next: int) -> Budget:
    """The budget from what was graded."""
    values = np.asarray(scope.values, dtype=np.float64)
    spread, strata = _strata(graded, scope=scope, n_next=n_next)
    shares = np.array([each.n_labelled / each.n if each.n else np.nan for each in strata])
    people = np.where(graded.labelled, values[np.maximum(graded.people, 0)], np.nan)
    chances = shares[graded.judged]

    def powered(of_judge: NDArray[np.float64], of_people: NDArray[np.float64]) -> Powered:
        return powered_mean(of_judge, of_people, chances, graded.queries)

    is_relevant = np.where(graded.labelled, (people >= scope.cut).astype(np.float64), np.nan)
    return Budget(
        powered((values[graded.judged] >= scope.cut).astype(np.float64), is_relevant),
        powered(values[graded.judged], people),
        spread,
        labels_needed(spread, target=target),
        target,
        strata,
        _curve(spread),
    )


def _read(project: Project, judged: JudgeRuns, scope: Scope) -> _Graded:
    verdicts, parameters = verdict_rows([judged])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        keys = parameters | {"values": list(scope.values), "split": scope.split}
        cursor.execute(GRADED.format(verdicts=verdicts), keys)
        items, queries, grades = (
            np.frombuffer(each or b"", dtype=kind).astype(np.int64)
            for each, kind in zip(cursor.fetchone(), (">i8", ">i8", ">i2"), strict=True)
        )
    references = references_in(project.pk, scope)
    positions, _ = place_queries(queries)
    people = np.full(len(items), -1, dtype=np.int64)
    known = _known(references, items)
    people[known] = references.grades[np.searchsorted(references.items, items[known])]
    return _Graded(items, positions, grade_positions(grades, scope.values), people)


def _known(references: References, items: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.isin(items, references.items, assume_unique=True)


def _strata(graded: _Graded, *, scope: Scope, n_next: int) -> tuple[Spread, list[Stratum]]:
    n_grades = len(scope.values)
    weights = 1.0 - np.eye(n_grades)
    labelled = graded.labelled
    n_queries = int(graded.queries.max(initial=-1)) + 1
    cells = (graded.queries * n_grades + graded.people) * n_grades + graded.judged
    tables = np.bincount(cells[labelled], minlength=n_queries * n_grades**2)
    tables = tables.reshape(n_queries, n_grades, n_grades)
    sizes = np.bincount(graded.judged, minlength=n_grades)
    counted = np.bincount(graded.judged[labelled], minlength=n_grades)
    spreads = _spreads(tables.sum(axis=0), weights)
    known = spreads[~np.isnan(spreads)]
    expected = np.where(np.isnan(spreads), known.mean() if len(known) else 1.0, spreads)
    following = neyman(sizes - counted, expected, n_next)
    spread = spread_of_kappa(tables, weights=weights) if labelled.any() else Spread(0, 0, np.nan, np.nan)
    return spread, [
        Stratum(value, int(n), int(n_labelled), float(deviation), int(following_here))
        for value, n, n_labelled, deviation, following_here in zip(
            scope.values, sizes, counted, spreads, following, strict=True
        )
    ]


def _spreads(table: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of the influence among the items of each judged grade (K,)."""
    moved = influences(table, weights=weights) if table.any() else np.full(table.shape, np.nan)
    n = table.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (table * moved).sum(axis=0) / n
        variances = (table * (moved - means) ** 2).sum(axis=0) / (n - 1)
    return np.where(n > 1, np.sqrt(variances), np.nan)


def _rank_within(queries: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the same query stand before each."""
    order = np.argsort(queries, kind="stable")
    _, starts, sizes = np.unique(queries[order], return_index=True, return_counts=True)
    ranks = np.empty(len(queries), dtype=np.int64)
    ranks[order] = np.arange(len(queries)) - np.repeat(starts, sizes)
    return ranks


def _curve(spread: Spread) -> list[tuple[int, float, float]]:
    if not spread.n_queries or np.isnan(spread.between):
        return []
    per_query = spread.n / spread.n_queries
    return [
        (
            round(spread.n * times),
            spread.half_width(n_queries=spread.n_queries * times, per_query=per_query),
            spread.half_width(n_queries=spread.n_queries, per_query=per_query * times),
        )
        for times in CURVE
    ]


def _powered_json(of: Powered) -> dict[str, Any]:
    return of._asdict() | {name: estimate_as_json(getattr(of, name)) for name in ("powered", "people_only")}


def _as_json(of: Budget) -> dict[str, Any]:
    return of._asdict() | {name: _powered_json(getattr(of, name)) for name in ("relevant", "mean")}


def _powered(stored: dict[str, Any]) -> Powered:
    estimates: dict[str, Estimate] = {
        name: estimate_from_json(stored[name]) for name in ("powered", "people_only")
    }
    return Powered(**(stored | estimates | {"judge_only": number(stored["judge_only"])}))


def _from_json(stored: dict[str, Any]) -> Budget:
    return Budget(
        _powered(stored["relevant"]),
        _powered(stored["mean"]),
        Spread(*stored["spread"][:2], *map(number, stored["spread"][2:])),
        Need(*stored["need"]),
        stored["target"],
        [Stratum(*each[:3], number(each[3]), each[4]) for each in stored["strata"]],
        [(n, number(new), number(same)) for n, new, same in stored["curve"]],
    )
