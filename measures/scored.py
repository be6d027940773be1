"""What a judge's scores are worth: order, calibration, and the grades they could be turned into."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from measures.average_precision import average_precision
from measures.bootstrap import Tally
from measures.calibration import (
    LEAST,
    N_BINS,
    Bin,
    cross_calibrated,
    cross_calibrated_grades,
    reliability_bins,
)
from measures.counts import Counts, count_array
from measures.decisions import argmax, expected_rounded, quantile_matched
from measures.error import accuracy_binary, mae
from measures.estimates import Estimate, estimate_tallies
from measures.kappa import kappa, kappa_quadratic
from measures.kendall import kendall, pair_counts, ranking_accuracy
from measures.scores import score_table
from measures.tables import Floats, Tables, Values, first_at_cut, grade_values, ratio

REPLICATES = 2_000
ROC_POINTS = 101


class Calibration(NamedTuple):
    """How far predictions of "relevant" can be taken at their word."""

    ece: Estimate
    brier: Estimate
    log_loss: Estimate
    bins: list[Bin]


class Decision(NamedTuple):
    """The grades that come out of a rule, beside people's."""

    kappa: Estimate
    kappa_quadratic: Estimate
    mae: Estimate
    accuracy_binary: Estimate


class Scored(NamedTuple):
    """One judge's scores beside people's grades."""

    n: int
    average_precision: Estimate
    kendall: Estimate
    ranking_accuracy: Estimate
    raw: Calibration | None  # None where scores are no probabilities
    calibrated: Calibration | None  # None where there is too little to calibrate on
    roc: list[tuple[float, float]]  # false-positive rate, true-positive rate
    decisions: dict[str, Decision]


def measure_scores(
    queries: NDArray[np.int64],
    references: NDArray[np.int64],
    scores: NDArray[np.float64],
    *,
    values: Values,
    cut: float,
    given: Mapping[str, NDArray[np.int64]] | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Scored:
    """All figures of scores (N,), with intervals over queries.

    `given` are further decisions to measure: grade positions (N,) by the name of their rule, negative where
    there is none. Calibration and the rules that rest on it are fitted on other queries than they are
    measured on; the shares that "matched" deals out are those of these references.
    """
    grades = grade_values(values)
    n_queries, n_grades = int(queries.max(initial=-1)) + 1, grades.size
    relevant = references >= first_at_cut(grades, cut)
    table = score_table(queries, references, scores, n_queries=n_queries, n_grades=n_grades)
    found = estimate_tallies(
        [
            Tally(
                table.per_query,
                {
                    "average_precision": lambda each: average_precision(each, grades, cut),
                    "kendall": lambda each: kendall(each, grades),
                },
            ),
            Tally(pair_counts(table.per_query), {"ranking_accuracy": ranking_accuracy}),
        ],
        replicates=min(replicates, 500),  # tables of a thousand bins each
        seed=seed,
    )
    chances = cross_calibrated(scores, relevant, queries, seed=seed)
    is_probability = bool(((scores >= 0) & (scores <= 1)).all())
    is_calibrated = not np.isnan(chances).any() and chances.size > 0

    def calibration(predicted: Floats) -> Calibration:
        return _calibration(queries, relevant, predicted, replicates=replicates, seed=seed)

    decisions = dict(given or {}) | _decisions(queries, references, scores, grades, seed=seed)
    return Scored(
        n=int(scores.size),
        average_precision=found[0]["average_precision"],
        kendall=found[0]["kendall"],
        ranking_accuracy=found[1]["ranking_accuracy"],
        raw=calibration(scores) if is_probability and scores.size else None,
        calibrated=calibration(chances) if is_calibrated else None,
        roc=roc_points(scores, relevant),
        decisions={
            name: _decided(
                _counts(queries, references, positions, n_queries=n_queries, n_grades=n_grades),
                grades,
                cut,
                replicates=replicates,
                seed=seed,
            )
            for name, positions in decisions.items()
        },
    )


def roc_points(scores: Floats, relevant: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """The ROC curve from (0, 0) to (1, 1), at most ROC_POINTS points (Fawcett 2006); none for one class."""
    n_relevant, n_others = int(relevant.sum()), int((~relevant).sum())
    if not n_relevant or not n_others:
        return []
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)
    hits = np.cumsum(relevant[order])[last] / n_relevant
    false = np.cumsum(~relevant[order])[last] / n_others
    kept = np.unique(np.linspace(0, last.size - 1, min(ROC_POINTS, last.size)).astype(np.int64))
    return [(0.0, 0.0), *zip(false[kept].tolist(), hits[kept].tolist(), strict=True)]


def _calibration(
    queries: NDArray[np.int64],
    relevant: NDArray[np.bool_],
    predicted: Floats,
    *,
    replicates: int,
    seed: int,
) -> Calibration:
    truth, safe = relevant.astype(np.float64), predicted.clip(LEAST, 1 - LEAST)
    n_queries = int(queries.max()) + 1
    place = np.minimum((predicted * N_BINS).astype(np.int64), N_BINS - 1)
    by_bin = np.zeros((n_queries, N_BINS, 3))
    np.add.at(by_bin, (queries, place), np.stack([np.ones_like(truth), predicted, truth], axis=1))
    losses = np.zeros((n_queries, 3))
    log = -(truth * np.log(safe) + (1 - truth) * np.log1p(-safe))
    np.add.at(losses, queries, np.stack([np.ones_like(truth), (predicted - truth) ** 2, log], axis=1))
    found = estimate_tallies(
        [
            Tally(by_bin, {"ece": _ece_of_sums}),
            Tally(losses, {"brier": lambda sums: _share(sums, 1), "log_loss": lambda sums: _share(sums, 2)}),
        ],
        replicates=replicates,
        seed=seed,
    )
    return Calibration(
        found[0]["ece"], found[1]["brier"], found[1]["log_loss"], reliability_bins(predicted, relevant)
    )


def _ece_of_sums(sums: Tables) -> Floats:
    """Σ |Σ predicted − Σ relevant| / Σ n of sums (..., bins, 3)."""
    table = np.asarray(sums, dtype=np.float64)
    return ratio(np.abs(table[..., 1] - table[..., 2]).sum(axis=-1), table[..., 0].sum(axis=-1))


def _share(sums: Tables, column: int) -> Floats:
    table = np.asarray(sums, dtype=np.float64)
    return ratio(table[..., column], table[..., 0])


def _decisions(
    queries: NDArray[np.int64],
    references: NDArray[np.int64],
    scores: Floats,
    grades: Floats,
    *,
    seed: int,
) -> dict[str, NDArray[np.int64]]:
    chances = cross_calibrated_grades(scores, references, queries, n_grades=grades.size, seed=seed)
    made: dict[str, NDArray[np.int64]] = {}
    if scores.size and not np.isnan(chances).any():
        made["calibrated, likeliest"] = argmax(chances)
        made["calibrated, expected"] = expected_rounded(chances, grades)
    if scores.size:
        shares = np.bincount(references, minlength=grades.size) / scores.size
        made["matched to people's shares"] = quantile_matched(scores, shares)
    return made


def _counts(
    queries: NDArray[np.int64],
    references: NDArray[np.int64],
    positions: NDArray[np.int64],
    *,
    n_queries: int,
    n_grades: int,
) -> Counts:
    decided = positions >= 0
    cells = np.stack([queries, references, positions, np.ones_like(queries)], axis=1)[decided]
    return count_array(cells, n_queries=n_queries, n_grades=n_grades)[:, :, :n_grades]


def _decided(counts: Counts, grades: Floats, cut: float, *, replicates: int, seed: int) -> Decision:
    measures = {
        "kappa": lambda each: kappa(each, grades),
        "kappa_quadratic": lambda each: kappa_quadratic(each, grades),
        "mae": lambda each: mae(each, grades),
        "accuracy_binary": lambda each: accuracy_binary(each, grades, cut),
    }
    (found,) = estimate_tallies([Tally(counts, measures)], replicates=replicates, seed=seed)
    return Decision(**found)
