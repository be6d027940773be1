from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.charts.files import chart_file, wants_file
from reports.charts.slices import slice_figures
from reports.forms import ScopeForm
from reports.picking import choices, pick
from reports.slice_words import say_slices
from reports.slicing import slice_report
from reports.standing import SIGNIFICANT
from reports.words import called


@project_view(Capability.REPORT)
def slices(request: HttpRequest, project: Project) -> HttpResponse:
    """One judge (?judge=) on parts of the items: by length, metadata, people's doubt, likeness of queries."""
    form = ScopeForm(request.GET, project=project)
    scope = form.scope
    judges = [each for each in choices(project, scope=scope) if each.n_graded]
    found = pick(judges, request.GET.get("judge", ""))
    context = {"form": form, "judges": judges, "found": found, "rail": "agreement", "tab": "slices"}
    if found is None:
        return render(request, "reports/slices.html", context)
    report = slice_report(project, found.judged, scope=scope)
    figures = slice_figures(report, name=called(found)) if report.dimensions else []
    if wants_file(request):
        return chart_file(request, figures, prefix=f"{project.slug}-slices-{found.judged.judge.pk}")
    context |= {
        "report": report,
        "figures": figures,
        "sentences": say_slices(called(found), report),
        "significant": SIGNIFICANT,
    }
    return render(request, "reports/slices.html", context)
