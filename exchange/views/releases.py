from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.jobs import cancel, retry
from corpus.models import Project
from corpus.paging import page_of_newest
from corpus.permissions import Capability, project_view
from exchange.datasets.plan import CannotRelease
from exchange.models import Release, ReleaseQuerySet
from exchange.release_form import DeleteForm, ReleaseForm
from exchange.releases.card import make_page_card
from exchange.releases.checking import checks_of, start_check
from exchange.releases.comparing import compare
from exchange.releases.deleting import delete_release
from exchange.releases.making import start_release
from exchange.releases.packing import folder_name, zip_of
from exchange.releases.papers import card_of
from exchange.releases.preview import preview

GONE = "The files of this release are not on the server (any more)."


def releases_of(project: Project) -> ReleaseQuerySet:
    return project.releases.select_related("job", "made_by", "project")


@project_view(Capability.EXPORT)
def release_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The releases; asked by htmx, the list alone."""
    page = page_of_newest(releases_of(project), before=request.GET.get("before"))
    working = any(not release.job.is_ended for release in page.rows)
    partial = "#releases" if request.htmx else ""
    context = {"page": page, "is_working": working, "rail": "exports"}
    return render(request, f"exchange/release_list.html{partial}", context)


@project_view(Capability.EXPORT)
def release_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = ReleaseForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            release = start_release(
                project,
                name=form.cleaned_data["name"],
                plan=form.plan(),
                licence=form.cleaned_data["licence"],
                by=request.user,
            )
        except CannotRelease as problem:
            form.add_error("name", str(problem))
        else:
            return redirect(release)
    return render(request, "exchange/release_create.html", {"form": form, "rail": "exports"})


@project_view(Capability.EXPORT)
@require_POST
def release_preview(request: HttpRequest, project: Project) -> HttpResponse:
    """The first rows of each chosen format, as the form stands."""
    sent = request.POST.copy()
    sent["name"] = "preview"  # it may still be missing
    form = ReleaseForm(sent, project=project)
    found, problem = None, ""
    if not form.is_valid():
        problem = next(iter(form.errors.values()))[0]
        if "formats" in form.errors:
            problem = "Choose a format to see its first rows."
    else:
        try:
            found = preview(project, form.plan())
        except CannotRelease as refusal:
            problem = str(refusal)
    context = {"preview": found, "problem": problem}
    return render(request, "exchange/release_create.html#release-preview", context)


@project_view(Capability.EXPORT)
def release_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A release while it is made and afterwards; asked by htmx, its progress, at the end the whole page."""
    release = get_object_or_404(releases_of(project), pk=pk)
    if request.htmx:
        return _parts(request, release)
    context = {
        "release": release,
        "job": release.job,
        "check": checks_of(release).first() if release.made_at else None,
        "card": make_page_card(card_of(release)) if release.made_at else "",
        "has_files": release.folder.is_dir(),
        "has_others": release.made_at and releases_of(project).made().exclude(pk=pk).exists(),
        "rail": "exports",
    }
    return render(request, "exchange/release_detail.html", context)


def _parts(request: HttpRequest, release: Release) -> HttpResponse:
    """What moves on the page: the progress of the release, once made that of its check."""
    check = checks_of(release).first() if release.made_at else None
    if release.job.is_ended and not check:
        return HttpResponse(headers={"HX-Refresh": "true"})
    partial = "release-check" if release.made_at else "release-progress"
    context = {"release": release, "job": release.job, "check": check, "has_files": True}
    return render(request, f"exchange/release_detail.html#{partial}", context)


@project_view(Capability.EXPORT)
@require_POST
def release_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    release = get_object_or_404(releases_of(project), pk=pk)
    if not cancel(release.job):
        messages.info(request, "The release had ended already.")
    return redirect(release)


@project_view(Capability.EXPORT)
@require_POST
def release_retry(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    release = get_object_or_404(releases_of(project), pk=pk)
    if not retry(release.job):
        messages.info(request, "Only a failed or cancelled release can be made again.")
    return redirect(release)


@project_view(Capability.EXPORT)
def release_download(request: HttpRequest, project: Project, pk: int) -> HttpResponse | StreamingHttpResponse:
    """All files as one zip."""
    release = get_object_or_404(releases_of(project), pk=pk, made_at__isnull=False)
    if not all((release.folder / file["path"]).is_file() for file in release.files):
        messages.error(request, f"{GONE} Make it again.")
        return redirect(release)
    response = StreamingHttpResponse(zip_of(release), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{folder_name(release)}.zip"'
    response["Cache-Control"] = "private, no-store"
    return response


@project_view(Capability.EXPORT)
def release_file(request: HttpRequest, project: Project, pk: int, path: str) -> HttpResponse | FileResponse:
    """One file, always as a download; only what the release knows as its own."""
    release = get_object_or_404(releases_of(project), pk=pk, made_at__isnull=False)
    if release.file(path) is None:
        messages.error(request, "This release has no such file.")
        return redirect(release)
    try:
        file = (release.folder / path).open("rb")
    except FileNotFoundError:
        messages.error(request, GONE)
        return redirect(release)
    name = path.replace("/", "-")
    response = FileResponse(
        file, as_attachment=True, filename=f"{folder_name(release)}-{name}", content_type=_content_type(path)
    )
    response["Cache-Control"] = "private, no-store"
    return response


@project_view(Capability.EXPORT)
def release_compare(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """What changed since another release, which ?with= names."""
    release = get_object_or_404(releases_of(project), pk=pk, made_at__isnull=False)
    others = releases_of(project).made().exclude(pk=pk)
    wanted = request.GET.get("with", "")
    other = (
        others.filter(pk=int(wanted)).first()
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 19
        else None
    )
    changes, problem = None, ""
    if other is not None:
        try:
            changes = compare(other, release)
        except CannotRelease as refusal:
            problem = str(refusal)
    context = {
        "release": release,
        "other": other,
        "others": others,
        "changes": changes,
        "problem": problem,
        "rail": "exports",
    }
    return render(request, "exchange/release_compare.html", context)


@project_view(Capability.EXPORT)
@require_POST
def release_check(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Have the files made again and compared."""
    release = get_object_or_404(releases_of(project), pk=pk, made_at__isnull=False)
    start_check(release, by=request.user)
    return redirect(f"{release.get_absolute_url()}#release-check")


@project_view(Capability.MANAGE)
def release_delete(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Says what goes, asks for the name, and deletes."""
    release = get_object_or_404(releases_of(project), pk=pk)
    form = DeleteForm(request.POST or None, release=release)
    if request.method == "POST" and form.is_valid():
        delete_release(release)
        messages.success(request, f"The release {release} was deleted with its files.")
        return redirect("exchange:release-list", project.slug)
    return render(
        request, "exchange/release_delete.html", {"release": release, "form": form, "rail": "exports"}
    )


def _content_type(path: str) -> str:
    kinds = {
        "jsonl": "application/jsonl; charset=utf-8",
        "json": "application/json",
        "md": "text/markdown; charset=utf-8",
        "tsv": "text/tab-separated-values; charset=utf-8",
        "txt": "text/plain; charset=utf-8",
    }
    return kinds.get(path.rpartition(".")[2], "application/octet-stream")
