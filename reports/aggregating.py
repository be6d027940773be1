"""One order of judges or systems out of many: over measures and projects, beside their mean place."""

from collections.abc import Iterable, Mapping, Sequence
from math import nan
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from corpus.models import Project
from measures.aggregation import borda, kemeny
from reports.agreement import agreement
from reports.measure_words import BY_KEY
from reports.scope import reported_split, scope_of
from reports.systems import rank_systems

LABELS = ("people", "judges")
"""Whose grades systems are put in order by."""


class Ranking(NamedTuple):
    """One source of an order: scores by name, higher is better."""

    source: str
    scores: Mapping[str, float]


class Placed(NamedTuple):
    """A judge or system in the common order."""

    name: str
    n_rankings: int
    mean_place: float
    borda: float  # share of the others that it beats
    kemeny: int  # its place


class Aggregate(NamedTuple):
    """What comes out, best by Kemeny first."""

    sources: list[str]
    placed: list[Placed]
    n_against: float  # pairwise preferences that Kemeny's order goes against
    is_exact: bool


def rankings_of_judges(projects: Sequence[Project], measures: Sequence[str]) -> Iterable[Ranking]:
    """Judges (name and prompt, under no condition) by each measure in each project. KeyError: no measure."""
    for project in projects:
        scope = scope_of(project, split=reported_split(project, None))
        judges = [each for each in agreement(project, scope=scope) if each.condition is None]
        for measure in measures:
            sign = -1.0 if BY_KEY[measure].lower_is_better else 1.0
            scores = {
                ", ".join(filter(None, [each.name, each.prompt])): sign * each.estimate(measure).value
                for each in judges
            }
            yield Ranking(f"{project.slug}, {measure}", scores)


def rankings_of_systems(
    projects: Sequence[Project], measures: Sequence[str], *, labels: str
) -> Iterable[Ranking]:
    """Systems by each measure in each project, under people's grades or each judge's. MeasureRefused."""
    for project in projects:
        scope = scope_of(project, split=reported_split(project, None))
        for measure in measures:
            report = rank_systems(project, measure=measure, scope=scope)
            if labels == "people":
                means = [each.value for each in report.people]
                yield Ranking(f"{project.slug}, {measure}", dict(zip(report.systems, means, strict=True)))
                continue
            for judge in report.judges:
                named = ", ".join(filter(None, [judge.name, judge.prompt, judge.condition]))
                scores = dict(zip(report.systems, judge.means, strict=True))
                yield Ranking(f"{project.slug}, {measure}, {named}", scores)


def aggregate(rankings: Iterable[Ranking]) -> Aggregate:
    """The common order of all that any ranking holds; rankings that hold fewer than two are left out."""
    kept = [ranking for ranking in rankings if sum(score == score for score in ranking.scores.values()) > 1]
    names = sorted({name for each in kept for name, score in each.scores.items() if score == score})
    if not names:
        return Aggregate([], [], 0.0, True)
    table = np.array([[each.scores.get(name, nan) for name in names] for each in kept])
    places = np.array([_places(row) for row in table])
    points, consensus = borda(table), kemeny(table)
    return Aggregate(
        [each.source for each in kept],
        [
            Placed(
                names[i],
                int((~np.isnan(table[:, i])).sum()),
                float(np.nanmean(places[:, i])),
                float(points[i]),
                place,
            )
            for place, i in enumerate(consensus.order, start=1)
        ],
        consensus.n_against,
        consensus.is_exact,
    )


def _places(scores: np.ndarray) -> np.ndarray:
    """Places (N,), 1 for the highest, equal scores sharing the mean of theirs; NaN stays."""
    known = ~np.isnan(scores)
    places = np.full(len(scores), np.nan)
    places[known] = rankdata(-scores[known])
    return places
