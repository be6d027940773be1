"""Which judges cannot be told apart from the best."""

from collections.abc import Sequence

from corpus.models import Project
from reports.agreement import JudgeAgreement
from reports.comparing import compare
from reports.picking import best_judge
from reports.scope import Scope

SIGNIFICANT = 0.05


def alike_with_best(project: Project, judges: Sequence[JudgeAgreement], *, scope: Scope) -> set[str]:
    """The keys of judges whose κ does not differ from the best's, on the items both graded.

    By swapping the two within queries (see `measures.comparing`), at 5 % with all other judges together
    (Holm). A judge without a test (no item in common) is not among them.
    """
    best = best_judge(judges)
    graded = [each for each in judges if each.agreement.n_graded]
    if best is None or len(graded) < 2:
        return set()
    place = next(place for place, each in enumerate(graded) if each is best)
    found = compare(project, scope=scope, against=place)
    return {graded[each.second].key for each in found if each.p_holm >= SIGNIFICANT}
