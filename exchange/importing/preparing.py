"""An import before it runs: its job, made in the browser (a draft until mapped) or by command."""

from pathlib import Path
from typing import Any

from django.db import transaction

from corpus.audit import record
from corpus.jobs import enqueue
from corpus.models import Job, Project, User
from corpus.models.audit import Verb


@transaction.atomic
def prepare_import(
    project: Project, path: Path, *, filename: str, by: User | None = None, **choices: Any
) -> Job:
    """A draft job for a file that lies at `path`. Choices: kind, mapping, encoding, judge, rater, condition,
    good_rows, dry_run; see `choose`."""
    job = Job(
        project=project,
        kind=Job.Kind.IMPORT,
        state=Job.State.DRAFT,
        created_by=by,
        params={"path": str(path.resolve()), "filename": filename},
    )
    return choose(job, **choices)


def choose(
    job: Job,
    *,
    kind: str = "",
    mapping: dict[str, str] | None = None,
    encoding: str = "",
    judge: str = "",
    rater: str = "",
    condition: str = "",
    good_rows: bool = False,
    dry_run: bool = False,
) -> Job:
    """Write the user's choices into a job that has not started."""
    job.params = job.params | {
        "kind": kind,
        "mapping": mapping or {},
        "encoding": encoding,
        "judge": judge,
        "rater": rater,
        "condition": condition,
        "good_rows": good_rows,
        "dry_run": dry_run,
    }
    job.save()
    return job


@transaction.atomic
def start_import(job: Job) -> None:
    """Queue a draft; a worker, or the command that made it, will do it."""
    Job.objects.filter(pk=job.pk, state=Job.State.DRAFT).update(state=Job.State.QUEUED)
    job.refresh_from_db()
    record(Verb.IMPORT_STARTED, job, project=job.project, file=job.params["filename"])
    enqueue(job)
