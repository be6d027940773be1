from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.models import Experiment
from reports.compliance.cells import cell_words
from reports.compliance.forms import CountingForm
from reports.compliance.items import ANSWERS, find_answers, page_of_answers, show_answers
from reports.compliance.report import plan_within
from reports.compliance.runs import JudgeCells, experiment_runs, imported_runs
from reports.words import called


@project_view(Capability.REPORT)
def compliance_items(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The answers of one judge (?judge=) in one cell (?cell=) of an experiment, or one kind (?answer=)."""
    experiments = project.experiments.filter(kind=Experiment.Kind.COMPLIANCE)
    experiment = get_object_or_404(experiments, pk=pk)
    return _items(request, project, experiment, experiment_runs(experiment))


@project_view(Capability.REPORT)
def compliance_imported_items(request: HttpRequest, project: Project) -> HttpResponse:
    """The same of verdicts brought in."""
    return _items(request, project, None, imported_runs(project))


def _items(
    request: HttpRequest, project: Project, experiment: Experiment | None, judges: list[JudgeCells]
) -> HttpResponse:
    form = CountingForm(request.GET, within=plan_within(experiment))
    within, _ = form.chosen
    del form.fields["unreadable"]
    context = {
        "experiment": experiment,
        "form": form,
        "rail": "compliance",
        "rubric": project.rubric,
        "judges": [(str(each.judge.pk), called(each)) for each in judges],
    }
    judged, cell = _asked_for(judges, request.GET.get("judge", ""), request.GET.get("cell", ""))
    if judged is None:
        return render(request, "reports/compliance_items.html", context)
    answer = request.GET.get("answer", "")
    if answer and answer not in ANSWERS:
        raise Http404(f"“{answer}” is no kind of answer; choose one of {', '.join(ANSWERS)}.")
    every = find_answers(project, judged, cell, within=within)
    page = page_of_answers(every, answer=answer, after=request.GET.get("after", ""))
    context |= {
        "judged": judged,
        "chosen_key": str(judged.judge.pk),
        "cell": cell,
        "words": cell_words(cell),
        "cells": [(each, f"{each}: {cell_words(each)}") for each in judged.runs],
        "n_repeats": len(judged.runs[cell]),
        "answer": answer,
        "answers": every.counts(),
        "n": len(every.items),
        "page": page,
        "rows": show_answers(judged, cell, page.found),
    }
    return render(request, "reports/compliance_items.html", context)


def _asked_for(judges: list[JudgeCells], judge: str, cell: str) -> tuple[JudgeCells | None, str]:
    """The judge and cell of the address, or the first there are. Raises Http404 for what is not there."""
    if not judges:
        return None, ""
    judged = next((each for each in judges if str(each.judge.pk) == judge), None if judge else judges[0])
    if judged is None:
        raise Http404("This judge has no complete run here.")
    if cell and cell not in judged.runs:
        raise Http404(f"This judge has no complete run in the cell “{cell}”.")
    return judged, cell or next(iter(judged.runs))
