"""Grades out of the store as a file: PostgreSQL writes the rows, we only stream them."""

import hashlib
import os
import time
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from corpus.jobs import JobFailed, Progress, do_exclusively, enqueue
from corpus.models import Job, Project, User
from exchange.long_form import copy_csv, copy_jsonl, copy_qrels
from judges.models import Judge

WHAT = ("labels", "verdicts", "both")
FILE_FORMATS = ("csv", "jsonl", "qrels")
BLOCK_ROWS = 4000


class CannotExport(Exception):
    """The export asked for makes no sense; the message says why and what to choose."""


@transaction.atomic
def prepare_export(
    project: Project,
    *,
    what: str = "both",
    file_format: str = "csv",
    judge: Judge | None = None,
    by: User | None = None,
    out: Path | None = None,
) -> Job:
    """Queue an export. Qrels hold the reference, or one judge's grades when a judge is given.

    `out` is where a command wants the file; without it the file lies under CONCORD_VAR and is downloaded.
    """
    if what not in WHAT or file_format not in FILE_FORMATS:
        raise CannotExport(f"Choose one of {', '.join(WHAT)} and one of {', '.join(FILE_FORMATS)}.")
    if judge is not None and judge.project_id != project.pk:
        raise CannotExport("That judge belongs to another project.")
    job = Job.objects.create(
        project=project,
        kind=Job.Kind.EXPORT,
        created_by=by,
        params={
            "what": what,
            "file_format": file_format,
            "judge": judge.pk if judge else None,
            "out": str(out.resolve()) if out else "",
        },
    )
    if out is None:
        enqueue(job)
    return job


def export_path(job: Job) -> Path:
    """Where the finished file lies."""
    if job.params.get("out"):
        return Path(job.params["out"])
    return settings.FILES / "exports" / f"{job.pk}.{_suffix(job)}"


def download_name(job: Job) -> str:
    """The name a browser saves the file under."""
    return f"{job.project.slug}-{job.params['what']}-{job.pk}.{_suffix(job)}"


def run_export(job_id: int, *, on_update=None) -> Job | None:
    """Do the export that this job describes; returns the ended job, None if somebody else has it."""
    return do_exclusively(job_id, export_file, on_update=on_update)


def export_file(job: Job, progress: Progress) -> dict:
    """Stream the rows into a file beside the final one and rename it when whole; memory stays flat.

    Result: filename, n_rows, n_bytes, sha256, seconds.
    """
    started = time.monotonic()
    path = export_path(job)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    statement, params = _statement(job)
    digest = hashlib.sha256()
    n_rows = n_bytes = 0
    header = 1 if job.params["file_format"] == "csv" else 0
    progress.update(n_total=_expected_rows(job), note="Writing rows")
    try:
        with part.open("wb") as file, transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy(statement, params) as copy:
                block: list[bytes] = []
                for row in copy:
                    block.append(bytes(row))
                    if len(block) == BLOCK_ROWS:
                        n_rows, n_bytes = _write(file, digest, block, n_rows, n_bytes)
                        progress.update(n_done=n_rows)
                        block = []
                n_rows, n_bytes = _write(file, digest, block, n_rows, n_bytes)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise JobFailed(f"The file {path.name} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    n_rows -= header
    progress.update(n_done=n_rows, n_total=n_rows)
    return {
        "filename": download_name(job),
        "n_rows": n_rows,
        "n_bytes": n_bytes,
        "sha256": digest.hexdigest(),
        "seconds": round(time.monotonic() - started, 2),
    }


def _write(file, digest, block: list[bytes], n_rows: int, n_bytes: int) -> tuple[int, int]:
    joined = b"".join(block)
    file.write(joined)
    digest.update(joined)
    return n_rows + len(block), n_bytes + len(joined)


def _statement(job: Job) -> tuple[str, dict]:
    file_format, what = job.params["file_format"], job.params["what"]
    if file_format == "qrels":
        return copy_qrels(job.project_id, judge_id=job.params["judge"])
    if file_format == "jsonl":
        return copy_jsonl(job.project_id, what=what)
    return copy_csv(job.project_id, what=what)


def _expected_rows(job: Job) -> int | None:
    """Rows to come, from cheap counts; None for qrels."""
    if job.params["file_format"] == "qrels":
        return None
    n = 0
    with connection.cursor() as cursor:
        if job.params["what"] != "verdicts":
            cursor.execute(
                "SELECT count(*) FROM annotate_label l JOIN annotate_rater r ON r.id = l.rater_id"
                " WHERE r.project_id = %s AND l.superseded_at IS NULL",
                [job.project_id],
            )
            n += cursor.fetchone()[0]
        if job.params["what"] != "labels":
            cursor.execute(
                "SELECT coalesce(sum(r.n_graded + r.n_scored + r.n_abstained + r.n_unreadable + r.n_failed), 0)"
                " FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id JOIN corpus_job b ON b.id = r.job_id"
                " WHERE j.project_id = %s AND b.state = 'done'",
                [job.project_id],
            )
            n += int(cursor.fetchone()[0])
    return n or None


def _suffix(job: Job) -> str:
    return {"csv": "csv", "jsonl": "jsonl", "qrels": "qrels.txt"}[job.params["file_format"]]
