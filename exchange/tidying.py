"""Files that imports and exports leave in settings.FILES: gone with their project, and when they are old.

A release's files stay as long as the release does.
"""

import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from corpus.models import Job, Project
from exchange.exporting import beside_path, export_path
from exchange.importing.importer import bad_rows_path
from exchange.models import Release

FOLDERS = ("imports", "exports")
RELEASES = "releases"
GRACE = timedelta(days=1)  # a file that no job names may still be on its way in


def files_of(jobs: Iterable[Job]) -> set[Path]:
    """The files of these jobs that lie in our own folders; what a command was given elsewhere is not ours."""
    found = set()
    for job in jobs:
        if job.kind == Job.Kind.IMPORT:
            found |= {Path(job.params.get("path", "")), bad_rows_path(job)}
        elif job.kind == Job.Kind.EXPORT and "file_format" in job.params:
            found |= {path for path in (export_path(job), beside_path(job)) if path}
    ours = {(settings.FILES / folder).resolve() for folder in FOLDERS}
    return {path for path in map(Path.resolve, found) if path.parent in ours}


def forget_files(project: Project) -> None:
    """Delete the project's files once the transaction that deletes the project is through."""
    files = files_of(project.jobs.all())
    transaction.on_commit(lambda: _unlink(files))
    folders = [release.folder for release in project.releases.all()]
    transaction.on_commit(lambda: _remove(folders))


def forget_release(release: Release) -> None:
    """Delete the release's files once the transaction that deletes it is through."""
    folder = release.folder
    transaction.on_commit(lambda: _remove([folder]))


def tidy(*, days: int) -> int:
    """Delete the files of jobs that ended more than `days` ago and those that no job names; returns how many.

    A file that several imports read stays as long as one of them is young. Folders that no release
    has (any more) go too, each counted as one.
    """
    ended_before = timezone.now() - timedelta(days=days)
    jobs = Job.objects.filter(kind__in=[Job.Kind.IMPORT, Job.Kind.EXPORT])
    old = jobs.filter(state__in=Job.ENDED, finished_at__lt=ended_before)
    needed = files_of(jobs.exclude(pk__in=old.values("pk")).iterator())
    named = files_of(old.iterator()) | needed
    lost_before = (timezone.now() - GRACE).timestamp()
    gone = {path for path in named - needed if path.is_file()}
    for folder in FOLDERS:
        for path in (settings.FILES / folder).resolve().glob("*"):
            if path not in named and path.is_file() and path.stat().st_mtime < lost_before:
                gone.add(path)
    _unlink(gone)
    lost = _lost_folders(lost_before)
    _remove(lost)
    return len(gone) + len(lost)


def _lost_folders(before: float) -> list[Path]:
    """Folders of releases that are not there any more, or left half done by a worker that died."""
    whole = set(map(str, Release.objects.made().values_list("pk", flat=True)))
    working = set(
        map(str, Release.objects.filter(job__in=Job.objects.unfinished()).values_list("pk", flat=True))
    )
    return [
        path
        for path in (settings.FILES / RELEASES).glob("*")
        if path.name not in whole
        and path.name.partition(".")[0] not in working
        and path.stat().st_mtime < before
    ]


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _unlink(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
