from django.db.models.functions import Left
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from corpus.models import Project
from corpus.paging import PAGE_SIZE
from corpus.permissions import Capability, project_view
from reports.agreement import agreement
from reports.cells import judged_column, verdicts_in_cell
from reports.forms import ScopeForm
from reports.views.judge import find_judged
from reports.words import called

OPENING = 300  # characters of a candidate that the list shows


@project_view(Capability.REPORT)
def cell_items(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The items of one confusion cell (?reference=, ?judged=), by item id, 50 a page after ?after=."""
    judge = get_object_or_404(project.judges, pk=pk)
    form = ScopeForm(request.GET, project=project)
    scope = form.scope
    found = find_judged(agreement(project, scope=scope, name=judge.name), judge, request.GET.get("condition"))
    reference, judged = request.GET.get("reference", ""), request.GET.get("judged", "")
    row = next((i for i, value in enumerate(scope.values) if str(value) == reference), None)
    column = judged_column(judged, values=scope.values)
    if found is None or row is None or column is None:
        raise Http404("No such cell.")
    verdicts = verdicts_in_cell(
        found.run_ids, reference=int(reference), judged=judged, values=scope.values, split=scope.split
    )
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        verdicts = verdicts.filter(item_id__gt=int(after))
    shown = verdicts.select_related("item__query", "item__candidate").annotate(
        opening=Left("item__candidate__text", OPENING)
    )
    columns = ("run_id", "item_id", "outcome", "grade", "score", "reason")
    texts = ("item__query__external_id", "item__query__text")
    candidates = ("item__candidate__external_id", "item__candidate__title")
    rows = list(shown.only(*columns, *texts, *candidates)[: PAGE_SIZE + 1])
    context = {
        "found": found,
        "name": called(found),
        "reference": int(reference),
        "judged": judged,
        "judged_grade": int(judged) if judged.isdigit() else None,
        "n": found.confusion[row][column],
        "verdicts": rows[:PAGE_SIZE],
        "has_scores": found.distribution is not None,
        "next": rows[PAGE_SIZE - 1].item_id if len(rows) > PAGE_SIZE else None,
        "is_first": not after,
        "rubric": form.rubric,
        "rail": "agreement",
    }
    return render(request, "reports/cell_items.html", context)
