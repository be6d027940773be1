from math import isfinite
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.cells import CELLS
from judges.models import Experiment
from reports.charts.compliance import contrasts_figure, dumbbell_figure, families_figure
from reports.charts.compliance_judge import interaction_figure, ladder_figure, modes_figure
from reports.charts.figure import Figure
from reports.charts.files import chart_file, wants_file
from reports.compliance.cells import cell_words, contrast_words
from reports.compliance.figures import CellChange, Report
from reports.compliance.forms import CountingForm, chosen_judge, judge_choices
from reports.compliance.grid import grid
from reports.compliance.placing import PlacingRefused, place_conditions, placeable
from reports.compliance.report import Source, compliance_reports, plan_within
from reports.compliance.report import compliance as compliance_report
from reports.compliance.runs import has_imported, imported_runs, progress_of, runs_of
from reports.compliance.words import say_judge, say_power, say_progress, say_report, worst_cell
from reports.second_readers import compare_readers, items_read_differently
from reports.to_round import MOST_SENT, send_to_round


class Listed(NamedTuple):
    """One experiment on the list."""

    experiment: Experiment | None  # None: verdicts brought in
    address: str
    state: str
    sentence: str


@project_view(Capability.REPORT)
def compliance(request: HttpRequest, project: Project) -> HttpResponse:
    """Every compliance experiment with its conclusion, and verdicts brought in under conditions."""
    experiments = list(project.experiments.filter(kind=Experiment.Kind.COMPLIANCE).select_related("item_set"))
    runs = runs_of(project, experiments)
    sources = [Source(each, runs[each.pk], plan_within(each)) for each in experiments]
    states = [say_progress(progress) for progress in progress_of(experiments)]
    addresses = [
        reverse("reports:compliance-experiment", args=[project.slug, each.pk]) for each in experiments
    ]
    if has_imported(project):
        sources.append(Source(None, imported_runs(project), 0))
        states.append(_say_unplaced(project))
        addresses.append(reverse("reports:compliance-imported", args=[project.slug]))
    reports = compliance_reports(project, sources)
    listed = [
        Listed(source.experiment, address, state, _sentence(report))
        for source, address, state, report in zip(sources, addresses, states, reports, strict=True)
    ]
    return render(request, "reports/compliance.html", {"listed": listed, "rail": "compliance"})


@project_view(Capability.REPORT)
def compliance_experiment(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One experiment: the grid of one judge (?judge=), and all of them beside each other."""
    experiments = project.experiments.filter(kind=Experiment.Kind.COMPLIANCE).select_related("item_set")
    return _dashboard(request, project, get_object_or_404(experiments, pk=pk))


@project_view(Capability.REPORT)
def compliance_imported(request: HttpRequest, project: Project) -> HttpResponse:
    """Verdicts brought in under conditions, as an experiment; and a form that gives these their cells."""
    return _dashboard(request, project, None)


@project_view(Capability.MANAGE)
@require_POST
def compliance_cells(request: HttpRequest, project: Project) -> HttpResponse:
    """Give conditions of verdicts made elsewhere their cells."""
    cells = {
        condition.pk: request.POST[name].strip()
        for condition in placeable(project)
        if (name := f"cell-{condition.pk}") in request.POST
    }
    try:
        n = place_conditions(project, cells)
    except PlacingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        said = (
            "No condition has changed."
            if not n
            else f"{n:,} condition{' has' if n == 1 else 's have'} a new cell."
        )
        messages.success(request, said)
    return redirect("reports:compliance-imported", project.slug)


@project_view(Capability.MANAGE)
@require_POST
def compliance_readers_round(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Send the items whose replies two readers read differently into a draft round."""
    experiments = project.experiments.filter(kind=Experiment.Kind.COMPLIANCE)
    experiment = get_object_or_404(experiments, pk=pk)
    items = items_read_differently(experiment)[:MOST_SENT]
    if not items:
        messages.error(request, "The two readers found the same in every reply: there is nothing to send.")
        return redirect("reports:compliance-experiment", project.slug, pk)
    facts = {"rule": "second reading", "experiment": experiment.pk}
    name = f"Replies of {experiment.name} read differently"
    round = send_to_round(project, items, name=name, made_from=facts, by=request.user)
    messages.success(request, f"“{round}” is a draft with {len(items):,} items.")
    return redirect(round)


def _dashboard(request: HttpRequest, project: Project, experiment: Experiment | None) -> HttpResponse:
    form = CountingForm(request.GET, within=plan_within(experiment))
    within, unreadable = form.chosen
    report = compliance_report(project, experiment, within=within, unreadable=unreadable)
    context = {
        "experiment": experiment,
        "form": form,
        "report": report,
        "rail": "compliance",
        "state": experiment and say_progress(progress_of([experiment])[0]),
        "items_url": _items_address(project, experiment),
        "conditions": [] if experiment else placeable(project),
        "cells": [(cell, f"{cell}: {cell_words(cell)}") for cell in CELLS],
        "readers": compare_readers(experiment) if experiment else [],
    }
    if report:
        judge = chosen_judge(report, request.GET.get("judge", ""), usual=_most_moved(report))
        figures = _figures(report, judge)
        if wants_file(request):
            name = experiment.pk if experiment else "imported"
            return chart_file(request, figures, prefix=f"{project.slug}-compliance-{name}")
        charts = {figure.name: figure for figure in figures}
        context |= _shown(report, judge) | {"figures": figures, "charts": charts}
    return render(request, "reports/compliance_experiment.html", context)


def _shown(report: Report, judge: int) -> dict:
    """What the template shows of a report, one judge of it chosen."""
    places = range(len(report.judges))
    return {
        "judge": report.judges[judge],
        "judges": judge_choices(report),
        "chosen_key": str(report.judges[judge].judge_id),
        "grid": grid(report, judge),
        "conclusion": report.conclusion_of(judge),
        "sentences": [
            (report.judges[place], report.conclusion_of(place), say_judge(report, place)) for place in places
        ],
        "lead": say_judge(report, judge),
        "summary": say_report(report),
        "power": say_power(report),
        "table": [
            (
                report.judges[place],
                report.conclusion_of(place),
                [(each, cell_words(each.cell)) for each in report.of_judge(place).values()],
            )
            for place in places
        ],
        "contrasts": [
            (title, [(report.judges[place], _worded(of(place))) for place in places if of(place)])
            for title, of in (
                ("Planned contrasts", report.planned_of),
                ("Arms and rungs beside their cells", report.further_of),
            )
            if any(map(of, places))
        ],
        "effects": [(report.judges[place], model) for place, model in enumerate(report.effects)],
    }


def _worded(changes: list[CellChange]) -> list[tuple[CellChange, str]]:
    return [(each, contrast_words(each.first, each.second)) for each in changes]


def _figures(report: Report, judge: int) -> list[Figure]:
    """The charts in the order of the page, those that there is nothing for left out."""
    made = [
        interaction_figure(report, judge),
        modes_figure(report, judge),
        ladder_figure(report, judge),
        contrasts_figure(report) if report.planned else None,
        dumbbell_figure(report) if report.planned else None,
        families_figure(report),
    ]
    return [figure for figure in made if figure is not None]


def _most_moved(report: Report) -> int:
    """The judge that falls furthest from its baseline."""

    def fall(place: int) -> float:
        baseline, worst = report.of_judge(place).get("N0"), worst_cell(report, place)
        if baseline is None or worst is None:
            return 0.0
        moved = worst.rates.accuracy.value - baseline.rates.accuracy.value
        return moved if isfinite(moved) else 0.0

    return min(range(len(report.judges)), key=fall)


def _say_unplaced(project: Project) -> str:
    n = sum(not condition.cell for condition in placeable(project))
    return f"{n:,} condition{'' if n == 1 else 's'} without a cell." if n else ""


def _sentence(report: Report | None) -> str:
    return say_report(report) if report else "No cell has a complete run yet."


def _items_address(project: Project, experiment: Experiment | None) -> str:
    if experiment is None:
        return reverse("reports:compliance-imported-items", args=[project.slug])
    return reverse("reports:compliance-items", args=[project.slug, experiment.pk])
