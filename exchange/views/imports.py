import re

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from corpus.jobs import cancel
from corpus.models import Job, Project
from corpus.models.job import JobQuerySet
from corpus.paging import page_of_newest
from corpus.permissions import Capability, project_view
from exchange.forms import ChoicesForm, UploadForm
from exchange.importing.importer import bad_rows_path
from exchange.importing.preparing import choose, prepare_import, start_import
from exchange.importing.previewing import Preview, preview_import
from exchange.importing.repeating import FileGone, discard_draft, repeat_import
from exchange.importing.undoing import BuiltOn, undo_import
from exchange.kind_guide import GUIDES
from exchange.uploading import UploadHandler, announces_too_much, too_large

DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


def imports_of(project: Project) -> JobQuerySet:
    return project.jobs.filter(kind=Job.Kind.IMPORT).select_related("created_by")


@project_view(Capability.MANAGE)
def import_list(request: HttpRequest, project: Project) -> HttpResponse:
    page = page_of_newest(imports_of(project), before=request.GET.get("before"))
    return render(request, "exchange/import_list.html", {"page": page, "rail": "imports"})


# Upload: the handler must stand before anything reads the form, so the CSRF check comes after it


@csrf_exempt
@project_view(Capability.MANAGE)
def import_upload(request: HttpRequest, project: Project) -> HttpResponse:
    """Take a file, as a stream into its place, and go on to its preview."""
    if announces_too_much(request):
        return _upload_page(request, UploadForm(), problem=too_large(), status=413)
    handler = UploadHandler(request)
    request.upload_handlers = [handler]
    try:
        return _receive(request, project, handler)
    finally:
        handler.drop_unless_kept()


@csrf_protect
def _receive(request: HttpRequest, project: Project, handler: UploadHandler) -> HttpResponse:
    if request.method != "POST":
        return _upload_page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if handler.problem:
        return _upload_page(request, UploadForm(), problem=handler.problem, status=413)
    if not form.is_valid():
        return _upload_page(request, form)
    upload = form.cleaned_data["file"]
    job = prepare_import(project, upload.path, filename=upload.name, by=request.user)
    handler.keep()
    url = reverse("exchange:import-preview", args=[project.slug, job.pk])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _upload_page(
    request: HttpRequest, form: UploadForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    partial = "#upload-form" if request.htmx else ""
    context = {
        "form": form,
        "problem": problem,
        "guides": GUIDES,
        "limit": settings.UPLOAD_LIMIT,
        "rail": "imports",
    }
    status = 200 if request.htmx else status  # htmx shows no page that came as an error
    return render(request, f"exchange/import_upload.html{partial}", context, status=status)


# A draft: look, choose, start


@project_view(Capability.MANAGE)
def import_preview(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """What the file was found to be and how its first rows will be stored; takes other choices."""
    with transaction.atomic():
        job = _locked(project, pk)
        if job.state != Job.State.DRAFT:
            return redirect("exchange:import-detail", project.slug, pk)
        preview = preview_import(job)
        form = ChoicesForm(request.POST or None, job=job, preview=preview)
        if request.method == "POST" and form.is_valid():
            choose(job, **form.choices())
            preview = preview_import(job)
            form = ChoicesForm(job=job, preview=preview)
    return _preview_page(request, job, form, preview)


@project_view(Capability.MANAGE)
@require_POST
def import_start(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Store the file's rows, all of them or none."""
    return _start(request, project, pk)


@project_view(Capability.MANAGE)
@require_POST
def import_check(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Look at every row as the import would, and store nothing."""
    return _start(request, project, pk, dry_run=True)


def _start(request: HttpRequest, project: Project, pk: int, **how: bool) -> HttpResponse:
    with transaction.atomic():
        job = _locked(project, pk)
        if job.state == Job.State.DRAFT:
            preview = preview_import(job)
            form = ChoicesForm(request.POST, job=job, preview=preview)
            if not form.is_valid():
                return _preview_page(request, job, form, preview)
            choose(job, **form.choices(), **how)
            preview = preview_import(job)
            if preview.problem or not form.is_as_shown:
                return _preview_page(request, job, ChoicesForm(job=job, preview=preview), preview)
            start_import(job)
    return redirect("exchange:import-detail", project.slug, pk)


@project_view(Capability.MANAGE)
@require_POST
def import_discard(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Drop a file that has not been imported."""
    with transaction.atomic():
        job = _locked(project, pk)
        if job.state != Job.State.DRAFT:
            return redirect("exchange:import-detail", project.slug, pk)
        discard_draft(job)
    messages.success(request, f"{job.params['filename']} was discarded; nothing was stored.")
    return redirect("exchange:import-list", project.slug)


def _locked(project: Project, pk: int) -> Job:
    """The import, held until the transaction's end, so that nobody changes a draft that is being started."""
    imports = project.jobs.filter(kind=Job.Kind.IMPORT).select_for_update()
    return get_object_or_404(imports, pk=pk)


def _preview_page(request: HttpRequest, job: Job, form: ChoicesForm, preview: Preview) -> HttpResponse:
    sniffed = preview.sniffed
    by_judge = form["source"].value() == "judge"
    if "source" in preview.asks:
        asked = ["judge", "condition"] if by_judge else ["rater"]
    else:
        asked = sorted(preview.asks)
    context = {
        "job": job,
        "form": form,
        "preview": preview,
        "problem": in_browser_words(preview.problem),
        "notes": list(filter(None, map(in_browser_words, sniffed.notes))) if sniffed else [],
        "delimiter": DELIMITERS.get(sniffed.delimiter, sniffed.delimiter) if sniffed else "",
        "shape_fields": [form["kind"], form["encoding"]],
        "whose_fields": [form[name] for name in asked],
        "rows": [
            row._replace(cells=tuple(zip(preview.fields, row.cells, strict=bool(row.cells))))
            for row in preview.rows
        ],
        "long_fields": ("query", "need", "candidate", "reply", "raw", "rationale", "metadata"),
        "rubric": job.project.rubric,
        "rail": "imports",
    }
    partial = "#choices" if request.htmx else ""
    return render(request, f"exchange/import_preview.html{partial}", context)


def in_browser_words(sentences: str) -> str:
    """The sentences that make sense on a page: those that speak of command-line options are left out."""
    return " ".join(each for each in re.split(r"(?<=\.) (?=[A-Z-])", sentences) if " --" not in f" {each}")


# An import that was started


@project_view(Capability.MANAGE)
def import_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """An import while it works and afterwards; asked by htmx, the part that changes."""
    job = get_object_or_404(imports_of(project), pk=pk)
    if job.state == Job.State.DRAFT:
        return redirect("exchange:import-preview", project.slug, pk)
    partial = "#import-progress" if request.htmx else ""
    return render(request, f"exchange/import_detail.html{partial}", {"job": job, "rail": "imports"})


@project_view(Capability.MANAGE)
@require_POST
def import_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    job = get_object_or_404(imports_of(project), pk=pk)
    if not cancel(job):
        messages.info(request, "The import had ended already.")
    return redirect("exchange:import-detail", project.slug, pk)


@project_view(Capability.MANAGE)
@require_POST
def import_again(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A new draft over the same file, to look at the choices again."""
    job = get_object_or_404(imports_of(project), pk=pk)
    try:
        draft = repeat_import(job, by=request.user)
    except FileGone as problem:
        messages.error(request, str(problem))
        return redirect("exchange:import-detail", project.slug, pk)
    return redirect("exchange:import-preview", project.slug, draft.pk)


@project_view(Capability.MANAGE)
@require_POST
def import_checked(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """After a check: import the file as it was checked."""
    return _repeat_and_start(request, project, pk)


@project_view(Capability.MANAGE)
@require_POST
def import_good_rows(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """After bad rows were found: import the others."""
    return _repeat_and_start(request, project, pk, good_rows=True)


def _repeat_and_start(request: HttpRequest, project: Project, pk: int, **how: bool) -> HttpResponse:
    with transaction.atomic():
        job = _locked(project, pk)
        if not job.is_ended or job.result.get("stored"):
            messages.info(request, "This import is not waiting for an answer.")
            return redirect("exchange:import-detail", project.slug, pk)
        try:
            draft = repeat_import(job, by=request.user, **how)
        except FileGone as problem:
            messages.error(request, str(problem))
            return redirect("exchange:import-detail", project.slug, pk)
        start_import(draft)
    return redirect("exchange:import-detail", project.slug, draft.pk)


@project_view(Capability.MANAGE)
def import_undo(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Says what an undo takes back, and does it."""
    job = get_object_or_404(imports_of(project), pk=pk)
    if not job.result.get("stored"):
        messages.info(request, "Nothing of this import is stored, so there is nothing to undo.")
        return redirect("exchange:import-detail", project.slug, pk)
    problem = ""
    if request.method == "POST":
        try:
            undo_import(job)
        except BuiltOn as found:
            problem = str(found)
        else:
            messages.success(request, f"The import of {job.params['filename']} was undone.")
            return redirect("exchange:import-detail", project.slug, pk)
    return render(request, "exchange/import_undo.html", {"job": job, "problem": problem, "rail": "imports"})


@project_view(Capability.MANAGE)
def import_bad_rows(request: HttpRequest, project: Project, pk: int) -> HttpResponse | FileResponse:
    """All bad rows as a CSV file."""
    job = get_object_or_404(imports_of(project), pk=pk)
    try:
        file = bad_rows_path(job).open("rb")
    except FileNotFoundError:
        messages.error(
            request, "The list of bad rows is not on the server (any more). Check the file again to have it."
        )
        return redirect("exchange:import-detail", project.slug, pk)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{project.slug}-import-{job.pk}-bad-rows.csv",
        content_type="text/csv",
    )
