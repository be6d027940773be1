"""The items on which one judge and people differ most, or those of one cell of its confusion matrix."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from annotate.models import Label
from corpus.models import Item, Project
from judges.models import Verdict
from judges.models.judge import Scoring
from measures.counts import Ungraded
from reports.counts import columns_of
from reports.reading import read_verdicts
from reports.runs import JudgeRuns
from reports.scope import Scope
from reports.slices import references_in

KINDS = {kind.name.lower(): kind for kind in Ungraded}  # "abstained", "failed", "scored"


class CellRefused(ValueError):
    """No such cell of the matrix."""


class Found(NamedTuple):
    """Items in order: those that lie furthest apart first, then by item."""

    items: NDArray[np.int64]  # (N,) keys
    distances: NDArray[np.float64]  # (N,) judge minus people in grade values; NaN without a grade


class Disagreement(NamedTuple):
    """One item with what everybody said of it."""

    item: Item
    reference: int
    distance: float
    labels: list[Label]
    verdict: Verdict
    probs: list[tuple[str, float]]  # label, chance in percent


def find_disagreements(
    project: Project, judged: JudgeRuns, *, scope: Scope, reference: str = "", said: str = ""
) -> Found:
    """The items where the judge's grade is not people's, in this scope.

    `reference` keeps to one grade of people's; `said` to one of the judge's, or to "abstained", "failed" or
    "scored". With both it is a cell of the matrix, also one on its diagonal. Raises CellRefused.
    """
    row, column = _row(reference, scope), _column(said, scope)
    references = references_in(project.pk, scope)
    answered = next(read_verdicts([judged], references, values=scope.values), None)
    if answered is None:
        return Found(np.zeros(0, dtype=np.int64), np.zeros(0))
    people = references.grades[answered.places]
    is_graded = answered.codes >= 0
    columns = columns_of(answered, n_grades=len(scope.values))
    kept = np.ones(len(people), dtype=bool) if row is None else people == row
    if column is not None:
        kept &= columns == column
    elif row is None or not said:
        kept &= is_graded
    if not (reference and said):
        kept &= columns != people
    values = np.asarray(scope.values, dtype=np.float64)
    given = values[np.where(is_graded, answered.codes, 0)]
    distances = np.where(is_graded, given - values[people], np.nan)[kept]
    items = references.items[answered.places[kept]]
    order = np.lexsort((items, -np.abs(np.nan_to_num(distances))))
    return Found(items[order], distances[order])


def show_disagreements(
    project: Project, judged: JudgeRuns, found: Found, *, scope: Scope
) -> list[Disagreement]:
    """These items with texts, labels and verdicts, in order."""
    ids = found.items.tolist()
    items = Item.objects.filter(pk__in=ids).select_related("query", "candidate", "reference").in_bulk()
    labels: dict[int, list[Label]] = {}
    for label in Label.objects.current().filter(item__in=ids).select_related("rater").order_by("rater__name"):
        labels.setdefault(label.item_id, []).append(label)
    answers = Verdict.objects.filter(run__in=judged.ids, item__in=ids).order_by("run_id")
    newest = {verdict.item_id: verdict for verdict in answers}
    return [
        Disagreement(
            items[pk],
            items[pk].reference.grade,
            distance,
            labels.get(pk, []),
            newest[pk],
            _probs(judged, newest[pk], scope.values),
        )
        for pk, distance in zip(ids, found.distances.tolist(), strict=True)
        if pk in items and pk in newest
    ]


def _row(reference: str, scope: Scope) -> int | None:
    if not reference:
        return None
    places = [place for place, value in enumerate(scope.values) if str(value) == reference]
    if not places:
        raise CellRefused(f"“{reference}” is no grade of the rubric.")
    return places[0]


def _column(said: str, scope: Scope) -> int | None:
    if not said:
        return None
    if said in KINDS:
        return KINDS[said].column(n_grades=len(scope.values))
    places = [place for place, value in enumerate(scope.values) if str(value) == said]
    if not places:
        raise CellRefused(f"“{said}” is no grade of the rubric, nor {', '.join(KINDS)}.")
    return places[0]


def _probs(judged: JudgeRuns, verdict: Verdict, values: Sequence[int]) -> list[tuple[str, float]]:
    """The chance of each label the judge could give, where labels are grades, or yes and no."""
    scoring = judged.judge.scoring
    if not verdict.probs or scoring not in (Scoring.GRADE, Scoring.YES_NO):
        return []
    labels = [*map(str, values), "X"] if scoring == Scoring.GRADE else ["yes", "no", "X"]
    return [(label, 100 * chance) for label, chance in zip(labels, verdict.probs, strict=False)]
