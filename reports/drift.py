"""Drift: whether a judge still says of the same items what it said in its first run."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef

from corpus.variants import has_variants, is_plain, no_variant
from judges.models import Judge, Run, Schedule, Verdict
from judges.models.judge import Scoring
from measures.bootstrap import REPLICATES, Tally, bootstrap, query_weights
from measures.estimates import UNDEFINED, Estimate
from measures.estimates import estimate as estimate_of
from measures.kappa import kappa_quadratic

FEWEST = 10  # items that two runs must share to be compared
MOST_RUNS = 60
LEAST_KAPPA, MOST_SHIFT = 0.9, 0.1  # where no schedule says otherwise
UNIT_SCORES = (Scoring.YES_NO, Scoring.PAIRWISE, Scoring.LISTWISE)  # scores from 0 to 1


class DriftRow(NamedTuple):
    """A run beside the first one, on the items that both answered."""

    run: Run
    at: datetime | None
    n: int  # items with a grade, or else a score, in both
    n_equal: int | None  # the same grade; None for scores without grades
    kappa: Estimate
    shift: Estimate  # mean of score − first score
    alarms: list[str]


class Drift(NamedTuple):
    """A judge's runs over time against its first, with the limits that raise an alarm."""

    first: Run | None
    rows: list[DriftRow]
    least_kappa: float
    most_shift: float  # in units of the score


def drift_of(judge: Judge) -> Drift:
    """Complete plain runs of this very version, oldest first; the first is what the others are held to.
    Variants are left out, and runs over nothing else.

    κ is quadratic, between the grades of two runs; intervals are 95 %, from resampled queries.
    """
    schedule = Schedule.objects.filter(judge=judge, scope=Schedule.Scope.DRIFT).order_by("pk").first()
    runs = judge.runs.complete().plain().filter(condition=None)
    runs = runs.select_related("job", "item_set", "judge__rubric")
    if has_variants(judge.project):
        runs = runs.filter(Exists(Verdict.objects.filter(is_plain(), run=OuterRef("pk"))))
    if schedule and runs.filter(item_set=schedule.item_set).count() > 1:
        runs = runs.filter(item_set=schedule.item_set)
    runs = list(runs.order_by("-pk")[:MOST_RUNS])[::-1]
    least = schedule.least_kappa if schedule else LEAST_KAPPA
    share = schedule.most_shift if schedule else MOST_SHIFT
    span = _span(judge, runs[0]) if runs else 1.0
    rows = [_compare(runs[0], run, least_kappa=least, most_shift=share * span) for run in runs[1:]]
    return Drift(runs[0] if runs else None, [row for row in rows if row.n >= FEWEST], least, share * span)


def _span(judge: Judge, first: Run) -> float:
    """The width of the scores: of the scale, or of what the first run gave where a score has no bounds."""
    if judge.scoring in UNIT_SCORES:
        return 1.0
    if judge.scoring != Scoring.LIKELIHOOD:
        return float(judge.rubric.values[-1] - judge.rubric.values[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(score) - min(score) FROM judges_verdict WHERE run_id = %s AND score IS NOT NULL"
            f" AND {no_variant('judges_verdict.item_id')}",
            [first.pk],
        )
        return float(cursor.fetchone()[0] or 1.0)


def _compare(first: Run, run: Run, *, least_kappa: float, most_shift: float) -> DriftRow:
    values = run.judge.rubric.values
    tables, sums, n_equal, n = _read(first, run, values)
    n_grades = int(tables.sum())
    estimate = UNDEFINED
    if n_grades >= FEWEST:
        tally = Tally(tables, {"kappa": lambda counts: kappa_quadratic(counts, values)})
        [replicates] = bootstrap([tally], replicates=REPLICATES, seed=0)
        value = float(kappa_quadratic(tables.sum(axis=0), values))
        estimate = estimate_of(value, replicates["kappa"], n_queries=len(tables))
    shift = _mean_shift(sums)
    alarms = []
    if estimate.value < least_kappa:
        alarms.append(f"κ {estimate.value:.2f} is under {least_kappa:g}")
    if abs(shift.value) > most_shift:
        alarms.append(f"scores moved by {shift.value:+.3g}, more than {most_shift:.3g}")
    return DriftRow(run, run.job.finished_at, n, n_equal if n_grades else None, estimate, shift, alarms)


def _read(first: Run, run: Run, values: list[int]) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Grade tables (Q, K, K); sums of score differences and their number (Q, 2); equal grades; items."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT q.id, a.grade, b.grade, count(*), coalesce(sum(b.score - a.score), 0),
                   count(b.score - a.score)
            FROM judges_verdict a JOIN judges_verdict b ON b.run_id = %s AND b.item_id = a.item_id
            JOIN corpus_item i ON i.id = a.item_id JOIN corpus_query q ON q.id = i.query_id
            WHERE a.run_id = %s AND {no_variant("a.item_id")}
              AND ((a.grade IS NOT NULL AND b.grade IS NOT NULL)
                OR (a.grade IS NULL AND b.grade IS NULL AND a.score IS NOT NULL AND b.score IS NOT NULL))
            GROUP BY 1, 2, 3
            """,
            [run.pk, first.pk],
        )
        rows = cursor.fetchall()
    places = {query: place for place, query in enumerate(sorted({row[0] for row in rows}))}
    position_of = {value: place for place, value in enumerate(values)}
    tables = np.zeros((len(places), len(values), len(values)), dtype=np.int64)
    sums = np.zeros((len(places), 2))
    n_equal = n = 0
    for query, before, after, count, difference, n_scores in rows:
        n += count
        sums[places[query]] += (float(difference), n_scores)
        if before in position_of and after in position_of:
            tables[places[query], position_of[before], position_of[after]] += count
            n_equal += count if before == after else 0
    return tables, sums, n_equal, n


def _mean_shift(sums: np.ndarray) -> Estimate:
    total, n = sums.sum(axis=0) if len(sums) else (0.0, 0.0)
    if n < FEWEST:
        return UNDEFINED
    replicates = [np.full(0, np.nan)]
    if len(sums) > 1:
        drawn = [weights @ sums for weights in query_weights(len(sums), replicates=REPLICATES, seed=0)]
        replicates = [part[:, 0] / np.maximum(part[:, 1], 1) for part in drawn]
    return estimate_of(total / n, np.concatenate(replicates), n_queries=len(sums))
