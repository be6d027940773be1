from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.charts.drift import drift_figure
from reports.charts.figure import Figure
from reports.charts.rendering import CONTENT_TYPES
from reports.charts.rendering import render as render_figure
from reports.charts.tokens import SCHEMES
from reports.drift import FEWEST, Drift, drift_of


@project_view(Capability.REPORT)
def judge_drift(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A judge's runs over time beside its first one."""
    judge = get_object_or_404(project.judges.select_related("prompt", "rubric"), pk=pk)
    drift = drift_of(judge)
    context = {
        "judge": judge,
        "drift": drift,
        "n_alarms": sum(bool(row.alarms) for row in drift.rows),
        "figure": _figure(drift, judge.name) if drift.rows else None,
        "fewest": FEWEST,
        "rail": "judges",
    }
    return render(request, "reports/judge_drift.html", context)


@project_view(Capability.REPORT)
def drift_chart(request: HttpRequest, project: Project, pk: int, file_format: str) -> HttpResponse:
    """The chart of the page as a file."""
    judge = get_object_or_404(project.judges.select_related("prompt", "rubric"), pk=pk)
    drift = drift_of(judge)
    if file_format not in CONTENT_TYPES or not drift.rows:
        raise Http404("There is no such chart.")
    scheme = request.GET.get("scheme")
    drawn = render_figure(
        _figure(drift, judge.name),
        file_format=file_format,
        scheme=scheme if scheme in SCHEMES else "light",
    )
    return HttpResponse(
        drawn,
        content_type=CONTENT_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="{project.slug}-{pk}-drift.{file_format}"'},
    )


def _figure(drift: Drift, name: str) -> Figure:
    return drift_figure(drift, title=f"Does {name} still say the same?")
