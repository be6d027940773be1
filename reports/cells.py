"""The items behind one cell of a confusion matrix."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from judges.models import Outcome, Verdict
from measures.counts import Ungraded

UNGRADED_BY_NAME = {kind.name.lower(): kind for kind in Ungraded}
GRADED, ABSTAINED, SCORED = Outcome.GRADED, Outcome.ABSTAINED, Outcome.SCORED


def judged_column(judged: str, *, values: Sequence[int]) -> int | None:
    """The confusion table's column of a grade, or of "abstained", "failed", "scored"; else None."""
    if judged in UNGRADED_BY_NAME:
        return UNGRADED_BY_NAME[judged].column(n_grades=len(values))
    return next((position for position, value in enumerate(values) if str(value) == judged), None)


def verdicts_in_cell(
    run_ids: Sequence[int], *, reference: int, judged: str, values: Sequence[int], split: str | None
) -> QuerySet[Verdict]:
    """The verdicts that the cell counts, by item; `run_ids` are a judge's complete runs, as in JudgeRuns."""
    verdicts = Verdict.objects.filter(run_id__in=run_ids, item__reference__grade=reference)
    if len(run_ids) > 1:
        newer = Verdict.objects.filter(
            run_id__in=run_ids, item_id=OuterRef("item_id"), run_id__gt=OuterRef("run_id")
        )
        verdicts = verdicts.filter(~Exists(newer))
    if split:
        verdicts = verdicts.filter(item__query__split=split)
    return verdicts.filter(_said(judged, values)).order_by("item_id")


def _said(judged: str, values: Sequence[int]) -> Q:
    kind = UNGRADED_BY_NAME.get(judged)
    if kind is None:
        return Q(outcome=GRADED, grade=int(judged))
    if kind is Ungraded.ABSTAINED:
        return Q(outcome=ABSTAINED)
    if kind is Ungraded.SCORED:
        return Q(outcome=SCORED)
    return ~Q(outcome__in=[GRADED, ABSTAINED, SCORED]) | (Q(outcome=GRADED) & ~Q(grade__in=values))
