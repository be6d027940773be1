from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.charts.drift import drift_figure
from reports.charts.figure import Figure
from reports.charts.files import chart_file, wants_file
from reports.drift import FEWEST, Drift, drift_of


@project_view(Capability.REPORT)
def judge_drift(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A judge's runs over time beside its first one."""
    judge = get_object_or_404(project.judges.select_related("prompt", "rubric"), pk=pk)
    drift = drift_of(judge)
    figures = [_figure(drift, judge.name)] if drift.rows else []
    if wants_file(request):
        return chart_file(request, figures, prefix=f"{project.slug}-{pk}")
    context = {
        "judge": judge,
        "drift": drift,
        "n_alarms": sum(bool(row.alarms) for row in drift.rows),
        "figures": figures,
        "fewest": FEWEST,
        "rail": "judges",
    }
    return render(request, "reports/judge_drift.html", context)


def _figure(drift: Drift, name: str) -> Figure:
    return drift_figure(drift, title=f"Does {name} still say the same?")
