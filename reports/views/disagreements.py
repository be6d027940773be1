from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.disagreements import KINDS, CellRefused, Found, find_disagreements, show_disagreements
from reports.forms import ScopeForm
from reports.picking import Choice, choices, pick
from reports.scope import Scope
from reports.to_round import MOST_SENT, send_to_round
from reports.words import called

PAGE_SIZE = 20
FILTERS = ("judge", "reference", "judged", "split", "slice", "cut")


@project_view(Capability.REPORT)
def disagreements(request: HttpRequest, project: Project) -> HttpResponse:
    """Where one judge (?judge=) and people differ, or one cell (?reference=, ?judged=), 20 a page."""
    form = ScopeForm(request.GET, project=project)
    scope = form.scope
    judges = choices(project, scope=scope)
    found = pick(judges, request.GET.get("judge", ""))
    chosen = {name: request.GET.get(name, "") for name in ("reference", "judged")}
    context = {"form": form, "judges": judges, "found": found, "rail": "agreement", "tab": "disagreements"}
    if found is None:
        return render(request, "reports/disagreements.html", context)
    every = _find(project, found, scope, chosen)
    page = Paginator(every.items, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = slice(page.start_index() - 1 if len(every.items) else 0, page.end_index())
    shown = Found(every.items[rows], every.distances[rows])
    context |= {
        "chosen": chosen,
        "name": called(found),
        "grades": [
            (str(grade["value"]), f"{grade['value']} {grade['name']}") for grade in form.rubric.grades
        ],
        "kinds": list(KINDS),
        "page": page,
        "rows": show_disagreements(project, found.judged, shown, scope=scope),
        "rubric": form.rubric,
        "most_sent": min(MOST_SENT, len(every.items)),
        "kept": {name: request.GET[name] for name in FILTERS if request.GET.get(name)},
    }
    return render(request, "reports/disagreements.html", context)


@project_view(Capability.MANAGE)
@require_POST
def disagreements_round(request: HttpRequest, project: Project) -> HttpResponse:
    """Send chosen items, or all of a filter, into a new round."""
    form = ScopeForm(request.POST, project=project)
    scope = form.scope
    found = pick(choices(project, scope=scope), request.POST.get("judge", ""))
    if found is None:
        raise Http404("No such judge.")
    chosen = {name: request.POST.get(name, "") for name in ("reference", "judged")}
    items = _find(project, found, scope, chosen).items.tolist()
    if "all" not in request.POST:
        picked = set(request.POST.getlist("item"))
        items = [item for item in items if str(item) in picked]
    if not items:
        messages.error(request, "No item was chosen: tick some, or send all.")
        kept = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
        return redirect(f"{reverse('reports:disagreements', args=[project.slug])}?{urlencode(kept)}")
    facts = {
        "rule": "disagreements",
        "judge": found.judged.judge.pk,
        **{k: v for k, v in chosen.items() if v},
    }
    if scope.slice:
        facts["slice"] = scope.slice
    round = send_to_round(
        project, items[:MOST_SENT], name=f"Disagreements of {found.name}", made_from=facts, by=request.user
    )
    messages.success(request, f"“{round}” is a draft with {len(items[:MOST_SENT]):,} items.")
    return redirect(round)


def _find(project: Project, found: Choice, scope: Scope, chosen: dict[str, str]) -> Found:
    try:
        return find_disagreements(
            project, found.judged, scope=scope, reference=chosen["reference"], said=chosen["judged"]
        )
    except CellRefused as refusal:
        raise Http404(str(refusal)) from refusal
