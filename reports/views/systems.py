from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.charts.figure import Figure
from reports.charts.files import chart_file, wants_file
from reports.charts.systems import systems_figure
from reports.forms import ScopeForm
from reports.system_scores import DEFAULT_MEASURE, MEASURES, MeasureRefused
from reports.system_words import say_systems
from reports.systems import JudgeRanking, SystemsReport, rank_systems


@project_view(Capability.REPORT)
def systems(request: HttpRequest, project: Project) -> HttpResponse:
    """Systems by people's grades and by judges' (?measure=), one judge of them drawn (?judge=)."""
    form = ScopeForm(request.GET, project=project)
    wanted, problem = request.GET.get("measure") or DEFAULT_MEASURE, ""
    try:
        report = rank_systems(project, measure=wanted, scope=form.scope)
    except MeasureRefused as refusal:
        problem = str(refusal)
        report = rank_systems(project, measure=DEFAULT_MEASURE, scope=form.scope)
    judges = sorted(report.judges, key=lambda judge: (judge.tau.value != judge.tau.value, -judge.tau.value))
    shown = _shown(judges, request.GET.get("judge", ""))
    figures = [_figure(report, shown)] if shown and report.systems else []
    if wants_file(request):
        return chart_file(request, figures, prefix=f"{project.slug}-{report.measure}")
    context = {
        "form": form,
        "problem": problem,
        "report": report,
        "measures": MEASURES if report.measure in MEASURES else (report.measure, *MEASURES),
        "judges": judges,
        "shown": shown,
        "sentences": say_systems(report) if report.judges and report.systems else [],
        "figures": figures,
        "inversions": _inversions(report, shown) if shown else [],
        "consensus": _consensus(report),
        "concurrence": _concurrence(report),
        "rail": "systems",
    }
    return render(request, "reports/systems.html", context)


def _shown(judges: list[JudgeRanking], wanted: str) -> JudgeRanking | None:
    chosen = next((each for each in judges if str(each.judge_id) == wanted), None)
    return chosen or (judges[0] if judges else None)


def _figure(report: SystemsReport, judge: JudgeRanking) -> Figure:
    return systems_figure(report, judge, title=f"Systems by people's grades and by those of {judge.name}")


def _inversions(report: SystemsReport, judge: JudgeRanking) -> list[tuple[str, str, float, float]]:
    return [
        (report.systems[pair.better], report.systems[pair.worse], pair.reference_gap, pair.other_gap)
        for pair in judge.inversions
    ]


def _consensus(report: SystemsReport) -> list[tuple]:
    """Every system by people, with its place for people, by the judges' mean, Borda and Kemeny."""
    if not report.judges or not report.systems:
        return []
    n = len(report.systems)
    means = [sum(judge.means[place] for judge in report.judges) / len(report.judges) for place in range(n)]
    by_people = _places([each.value for each in report.people])
    by_mean, by_borda = _places(means), _places(report.borda)
    by_kemeny = {place: rank for rank, place in enumerate(report.kemeny, start=1)}
    rows = [
        (name, report.people[i], by_people[i], by_mean[i], by_borda[i], by_kemeny[i])
        for i, name in enumerate(report.systems)
    ]
    return sorted(rows, key=lambda row: row[2])


def _places(scores: list[float]) -> list[int]:
    """The rank of each, 1 for the highest; equal scores share the better one."""
    return [1 + sum(other > score for other in scores) for score in scores]


def _concurrence(report: SystemsReport) -> list[tuple[str, list[float]]]:
    """τ of every two label sets, people first."""
    names = ["People", *(f"{each.name}{f', {each.prompt}' if each.prompt else ''}" for each in report.judges)]
    return list(zip(names, report.concurrence, strict=False)) if report.judges else []
