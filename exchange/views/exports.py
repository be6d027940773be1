from collections.abc import Iterable
from pathlib import Path

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.jobs import cancel
from corpus.models import ItemSet, Job, Project, Rubric
from corpus.models.job import JobQuerySet
from corpus.paging import page_of_newest
from corpus.permissions import Capability, project_view
from exchange.exporting import (
    CannotExport,
    beside_name,
    beside_path,
    download_name,
    export_path,
    prepare_export,
)
from exchange.forms import ExportForm
from exchange.kind_guide import TITLES
from exchange.long_form_guide import COLUMN_WORDS, VARIANT_WORDS
from exchange.tools.guide import guides
from exchange.tools.registry import TOOL_FILES
from judges.models import Judge

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "qrels": "text/plain; charset=utf-8",
}

FORMAT_WORDS = {"csv": "CSV", "jsonl": "JSON Lines"}
WHAT_WORDS = {
    "both": "Labels and verdicts",
    "labels": "Labels",
    "verdicts": "Verdicts",
    "references": "References",
    "items": "Items",
}


def exports_of(project: Project) -> JobQuerySet:
    return project.jobs.filter(kind=Job.Kind.EXPORT).select_related("created_by")


@project_view(Capability.EXPORT)
def export_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The exports and the form for the next one; asked by htmx, the exports alone."""
    partial = "#exports" if request.htmx else ""
    return _page(request, project, ExportForm(project=project), partial=partial)


@project_view(Capability.EXPORT)
@require_POST
def export_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = ExportForm(request.POST, project=project)
    if not form.is_valid():
        return _page(request, project, form)
    try:
        prepare_export(project, by=request.user, **form.choices())
    except CannotExport as problem:
        form.add_error(None, str(problem))
        return _page(request, project, form)
    return redirect("exchange:export-list", project.slug)


@project_view(Capability.EXPORT)
@require_POST
def export_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    job = get_object_or_404(exports_of(project), pk=pk)
    if not cancel(job):
        messages.info(request, "The export had ended already.")
    return redirect("exchange:export-list", project.slug)


@project_view(Capability.EXPORT)
def export_download(request: HttpRequest, project: Project, pk: int) -> HttpResponse | FileResponse:
    """The finished file, or with ?beside the second one, always as a download."""
    job = get_object_or_404(exports_of(project), pk=pk)
    if job.state != Job.State.DONE:
        messages.info(request, "This export has no file (yet).")
        return redirect("exchange:export-list", project.slug)
    path, name, content_type = _asked_for(job, beside="beside" in request.GET)
    try:
        file = None if job.params.get("out") or path is None else path.open("rb")
    except FileNotFoundError:
        file = None
    if file is None:
        messages.error(request, "The file of this export is not on the server (any more). Export again.")
        return redirect("exchange:export-list", project.slug)
    response = FileResponse(
        file,
        as_attachment=True,
        filename=name,
        content_type=content_type,
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _asked_for(job: Job, *, beside: bool) -> tuple[Path | None, str, str]:
    """(path, name, content type) of the export's file, or of its second one; no path where it has none."""
    tool = TOOL_FILES.get(job.params["file_format"])
    if beside and tool is not None:
        return beside_path(job), beside_name(job), tool.beside_type
    if beside:
        return None, "", ""
    content_type = tool.content_type if tool else CONTENT_TYPES[job.params["file_format"]]
    return export_path(job), download_name(job), content_type


def _page(request: HttpRequest, project: Project, form: ExportForm, *, partial: str = "") -> HttpResponse:
    page = page_of_newest(exports_of(project), before=request.GET.get("before"))
    context = {
        "form": form,
        "page": page,
        "exports": [
            (job, title, _has_file(job)) for job, title in zip(page.rows, titles(page.rows), strict=True)
        ],
        "is_working": any(not job.is_ended for job in page.rows),
        "columns": COLUMN_WORDS | VARIANT_WORDS,
        "tools": guides(),
        "rail": "exports",
    }
    return render(request, f"exchange/export_list.html{partial}", context)


def _has_file(job: Job) -> bool:
    return job.state == Job.State.DONE and not job.params.get("out") and export_path(job).is_file()


def titles(jobs: Iterable[Job]) -> list[str]:
    """What each export holds, in words."""
    judges = dict(
        Judge.objects.filter(
            pk__in=[job.params.get("judge") for job in jobs if job.params.get("judge")]
        ).values_list("pk", "name")
    )
    scales = dict(
        Rubric.objects.filter(
            pk__in=[job.params.get("scale") for job in jobs if job.params.get("scale")]
        ).values_list("pk", "name")
    )
    sets = dict(
        ItemSet.objects.filter(
            pk__in=[job.params.get("item_set") for job in jobs if job.params.get("item_set")]
        ).values_list("pk", "name")
    )
    found = []
    for job in jobs:
        params = job.params
        of = f", of “{sets.get(params['item_set'], '(deleted)')}”" if params.get("item_set") else ""
        if params["file_format"] == "qrels" and params.get("judge"):
            found.append(f"Qrels of judge {judges.get(params['judge'], '(deleted)')}{of}")
        elif params["file_format"] == "qrels":
            found.append(f"Qrels of the reference{of}")
        else:
            what = WHAT_WORDS[params["what"]]
            file_format = FORMAT_WORDS.get(params["file_format"]) or TITLES[params["file_format"]]
            if params.get("scale"):
                what = f"Labels on “{scales.get(params['scale'], '(removed)')}”"
            found.append(f"{what}{of}, {file_format}{', pseudonyms' if params.get('pseudonyms') else ''}")
    return found
