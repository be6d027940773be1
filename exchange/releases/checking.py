"""The proof of a release as a job: its files made again, and their checksums held against those of then."""

import shutil
import time
from functools import partial
from typing import Any

from django.db import transaction

from corpus.jobs import JobFailed, Progress, do_exclusively, enqueue
from corpus.models import Job, User
from corpus.models.job import JobQuerySet
from exchange.datasets.plan import CannotRelease
from exchange.datasets.writers.base import CannotWrite
from exchange.models import Release
from exchange.releases.rebuilding import rebuild

MOST_TOLD = 20


def checks_of(release: Release) -> JobQuerySet:
    """The jobs that made the release's files again, newest first."""
    return Job.objects.filter(project=release.project, kind=Job.Kind.RELEASE, params__check=release.pk)


@transaction.atomic
def start_check(release: Release, *, by: User | None = None) -> Job:
    """Have a worker make the files again; the check that is at work already, if there is one."""
    Release.objects.select_for_update(no_key=True).only("pk").get(pk=release.pk)
    job = checks_of(release).unfinished().first()
    if job is None:
        job = Job.objects.create(
            project=release.project,
            kind=Job.Kind.RELEASE,
            params={"check": release.pk},
            created_by=by,
            n_total=release.n_rows,
        )
        enqueue(job)
    return job


def run_check(job_id: int) -> Job | None:
    """Do the check of this job; returns the ended job, None if somebody else has it."""
    return do_exclusively(job_id, check_release)


def check_release(job: Job, progress: Progress) -> dict[str, Any]:
    """Result: n_files, n_same, seconds, and of files that differ path and note, the first twenty.

    The files made again are deleted at once; a job that finds a difference is done, not failed.
    """
    began = time.monotonic()
    release = Release.objects.made().select_related("project").filter(pk=job.params["check"]).first()
    if release is None:
        raise JobFailed("The release was deleted.")
    folder = release.folder.with_name(f"{release.pk}.check{job.pk}.{job.attempt}")
    progress.update(note="Making the files again")
    try:
        folder.mkdir(parents=True)
        checks = rebuild(release, folder, on_rows=partial(_report, progress))
    except (CannotRelease, CannotWrite) as problem:
        raise JobFailed(str(problem)) from problem
    except OSError as error:
        raise JobFailed(f"The files could not be made again: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    different = [{"path": check.path, "note": check.note} for check in checks if not check.is_same]
    return {
        "n_files": len(checks),
        "n_same": len(checks) - len(different),
        "different": different[:MOST_TOLD],
        "seconds": round(time.monotonic() - began, 2),
    }


def _report(progress: Progress, n_rows: int) -> None:
    progress.update(n_done=n_rows)
