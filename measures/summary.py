"""One judge in a dozen figures, each with its interval."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from measures.alpha import alpha_ordinal
from measures.auc import auc
from measures.bootstrap import REPLICATES, Tally, bootstrap
from measures.counts import Counts, graded, n_graded, n_verdicts
from measures.error import accuracy_binary, mae
from measures.estimates import UNDEFINED, Estimate, estimate, estimate_together
from measures.kappa import kappa, kappa_binary, kappa_quadratic
from measures.scores import ScoreTable
from measures.spearman import spearman
from measures.tables import Floats, Tables, Values, grade_values

Measures = Mapping[str, Callable[[Tables], Floats]]

BOUNDS = {"auc": (0.0, 1.0), "spearman": (-1.0, 1.0)}
"""What a measure of scores can be at all: an interval moved to its exact value stays within."""


class Agreement(NamedTuple):
    """How far one judge (or rater) agrees with the reference."""

    n: int  # all verdicts on items with a reference
    n_graded: int  # those with a grade: kappa … accuracy_binary are over them
    n_scored: int  # those with a score: auc and spearman are over them
    auc: Estimate
    spearman: Estimate
    kappa: Estimate
    kappa_quadratic: Estimate
    kappa_binary: Estimate
    alpha_ordinal: Estimate
    mae: Estimate
    accuracy_binary: Estimate


class Evidence(NamedTuple):
    """What is known about one judge: the count array (Q, K, K + 3) and, where it scores, the score table."""

    counts: Counts
    scores: ScoreTable | None = None


def summarise(
    counts: Counts,
    scores: ScoreTable | None,
    *,
    values: Values,
    cut: float,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Agreement:
    """The agreement of one judge with the reference; 95 % intervals from a bootstrap over queries.

    `values` are the rubric's K grade values, ascending, and `cut` the least value that counts as relevant.
    The queries drawn from are those in which the judge has any verdict. An interval is NaN where the value
    is, with fewer than two queries, without replicates, and where too many replicates are undefined.
    """
    evidence = Evidence(counts, scores)
    return summarise_judges([evidence], values=values, cut=cut, replicates=replicates, seed=seed)[0]


def summarise_judges(
    judges: Sequence[Evidence], *, values: Values, cut: float, replicates: int = REPLICATES, seed: int = 0
) -> list[Agreement]:
    """The agreement of each judge, in order: exactly the figures that `summarise` gives for each alone.

    Judges with verdicts in the same queries share one set of draws, which is most of the work.
    """
    grades = grade_values(values)
    for judge in judges:
        _check(judge, n_grades=grades.size)
    of_grades = estimate_together(
        [graded(judge.counts) for judge in judges],
        _measures_of_grades(grades, cut),
        asked=[_queries_asked(judge) for judge in judges],
        replicates=replicates,
        seed=seed,
    )
    measures_of_scores = _measures_of_scores(grades, cut)
    return [
        Agreement(
            n=n_verdicts(judge.counts),
            n_graded=n_graded(judge.counts),
            n_scored=judge.scores.n_scored if judge.scores is not None else 0,
            **_estimates_of_scores(judge, measures_of_scores, replicates=replicates, seed=seed),
            **estimates,
        )
        for judge, estimates in zip(judges, of_grades, strict=True)
    ]


def _measures_of_grades(values: Floats, cut: float) -> Measures:
    return {
        "kappa": partial(kappa, values=values),
        "kappa_quadratic": partial(kappa_quadratic, values=values),
        "kappa_binary": partial(kappa_binary, values=values, cut=cut),
        "alpha_ordinal": partial(alpha_ordinal, values=values),
        "mae": partial(mae, values=values),
        "accuracy_binary": partial(accuracy_binary, values=values, cut=cut),
    }


def _measures_of_scores(values: Floats, cut: float) -> Measures:
    return {"auc": partial(auc, values=values, cut=cut), "spearman": partial(spearman, values=values)}


def _check(judge: Evidence, *, n_grades: int) -> None:
    shape = graded(judge.counts).shape
    if shape[1] != n_grades:
        raise ValueError(f"The count array is for {shape[1]} grades, the values are for {n_grades}.")
    if judge.scores is not None and judge.scores.per_query.shape[:2] != shape[:2]:
        raise ValueError("The count array and the score table are not over the same queries and grades.")


def _queries_asked(judge: Evidence) -> NDArray[np.bool_]:
    """Which queries (Q,) the judge has a verdict in: those that are drawn from."""
    verdicts: Counts = judge.counts.sum(axis=(1, 2))
    if judge.scores is not None:
        verdicts = verdicts + judge.scores.per_query.sum(axis=(1, 2))
    return verdicts > 0


def _estimates_of_scores(
    judge: Evidence, measures: Measures, *, replicates: int, seed: int
) -> dict[str, Estimate]:
    """Values from every distinct score; intervals from the bins, moved by what binning did to the value."""
    if judge.scores is None:
        return dict.fromkeys(measures, UNDEFINED)
    tally = Tally(judge.scores.per_query[_queries_asked(judge)], measures)
    (resampled,) = bootstrap([tally], replicates=replicates, seed=seed)
    binned = tally.per_query.sum(axis=0)
    estimates = {}
    for name, measure in measures.items():
        value = float(measure(judge.scores.pooled))
        moved = resampled[name] + (value - float(measure(binned)))
        estimates[name] = estimate(value, moved.clip(*BOUNDS[name]), n_queries=len(tally.per_query))
    return estimates
