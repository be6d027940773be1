"""Grades out of the store as a file: PostgreSQL writes the rows, we only stream them."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction

from annotate.models import Label
from corpus.audit import record
from corpus.counting import count
from corpus.jobs import JobFailed, Progress, do_exclusively, enqueue
from corpus.models import ItemSet, Job, Project, Rubric, User
from corpus.models.audit import Verb
from corpus.variants import ALL_ARE_VARIANTS, has_only_variants
from exchange.long_form import EXACT, csv_statements, header, jsonl_statements
from exchange.qrels_form import id_with_blank, qrels_statement
from judges.models import Judge

WHAT = ("labels", "verdicts", "both", "references")
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
    scale: Rubric | None = None,
    item_set: ItemSet | None = None,
    by: User | None = None,
    out: Path | None = None,
) -> Job:
    """Queue an export. Qrels hold the reference, or one judge's grades when a judge is given.

    With a `scale` of the project's further ones, the labels of the rounds on it alone. Without an `item_set`
    variants are left out, and runs of experiments.
    `out` is where a command wants the file; without it the file lies under CONCORD_VAR and is downloaded.
    """
    if what not in WHAT or file_format not in FILE_FORMATS:
        raise CannotExport(f"Choose one of {', '.join(WHAT)} and one of {', '.join(FILE_FORMATS)}.")
    if judge is not None and judge.project_id != project.pk:
        raise CannotExport("That judge belongs to another project.")
    if scale is not None and (scale.project_id != project.pk or scale.is_main or file_format == "qrels"):
        raise CannotExport("Labels on a further scale of the project go out as CSV or JSON lines.")
    if judge is not None and file_format != "qrels":
        raise CannotExport("One judge's grades go out as qrels; the long form holds those of all judges.")
    _check_items(project, item_set, scale)
    job = Job.objects.create(
        project=project,
        kind=Job.Kind.EXPORT,
        created_by=by,
        params={
            "what": "labels" if scale else what,
            "scale": scale.pk if scale else None,
            "file_format": file_format,
            "judge": judge.pk if judge else None,
            "item_set": item_set.pk if item_set else None,
            "out": str(out.resolve()) if out else "",
        },
    )
    record(Verb.EXPORT_STARTED, job, project=project, by=by, what=what, file_format=file_format)
    if out is None:
        enqueue(job)
    return job


def _check_items(project: Project, item_set: ItemSet | None, scale: Rubric | None) -> None:
    """Raise CannotExport where these items cannot go out on this scale, or there are only variants."""
    compares = scale is not None and scale.compares
    if item_set is None:
        if not compares and has_only_variants(project):
            raise CannotExport(ALL_ARE_VARIANTS)
    elif item_set.project_id != project.pk:
        raise CannotExport("That item set belongs to another project.")
    elif item_set.of_pairs != compares:
        kind = "pairs, which a preference compares" if item_set.of_pairs else "single, and no preference"
        raise CannotExport(f"The items of “{item_set}” are {kind}. Choose another item set or scale.")


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

    All rows are of one moment. Result: filename, n_rows, n_bytes, sha256, seconds.
    """
    started = time.monotonic()
    path = export_path(job)
    part = path.with_name(f"{path.name}.{job.pk}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file, _one_moment():
            progress.update(n_total=_expected_rows(job), note="Writing rows")
            with _Sink(file, progress) as sink:
                if job.params["file_format"] == "csv":
                    scale = Rubric.objects.filter(pk=job.params.get("scale")).first()
                    sink.write([header(scale, item_set=job.params.get("item_set"))])
                for statement, params in _statements(job):
                    sink.copy(statement, params)
                sink.finish()
        part.replace(path)
    except OSError as error:
        raise JobFailed(f"The file {path.name} could not be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    progress.update(n_done=sink.n_rows, n_total=sink.n_rows)
    return {
        "filename": download_name(job),
        "n_rows": sink.n_rows,
        "n_bytes": sink.n_bytes,
        "sha256": sink.digest.hexdigest(),
        "seconds": round(time.monotonic() - started, 2),
    }


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction that sees the store as it is now, however long the export takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(EXACT)
        yield


class _Sink:
    """The file being written, with what the result tells about it.

    Writing and hashing go on in a thread of their own, one block behind the rows that come in.
    """

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self.file = file
        self.progress = progress
        self.digest = hashlib.sha256()
        self.n_rows = self.n_bytes = 0
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export-writer")
        self._writing: Future[None] | None = None

    def __enter__(self) -> "_Sink":
        return self

    def __exit__(self, *_exc: object) -> None:
        self._writer.shutdown()

    def copy(self, statement: str, params: dict) -> None:
        """Append what a COPY statement gives, a block of rows at a time."""
        with connection.cursor() as cursor, cursor.copy(statement, params) as copy:
            rows = iter(copy)
            while block := list(islice(rows, BLOCK_ROWS)):
                self.write(block)
                self.n_rows += len(block)
                self.progress.update(n_done=self.n_rows)

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append the pieces; raises the OSError of the block before, if that could not be written."""
        self.finish()
        self._writing = self._writer.submit(self._append, pieces)

    def finish(self) -> None:
        """Wait until everything is in the file."""
        if self._writing is not None:
            self._writing.result()

    def _append(self, pieces: Sequence[bytes]) -> None:
        data = b"".join(pieces)
        self.file.write(data)
        self.digest.update(data)
        self.n_bytes += len(data)


def _statements(job: Job) -> Iterable[tuple[str, dict]]:
    """COPY statements whose output, one after the other, is the file. Raises JobFailed where it cannot be."""
    file_format, what = job.params["file_format"], job.params["what"]
    scale, item_set = job.params.get("scale"), job.params.get("item_set")
    if file_format == "csv":
        return csv_statements(job.project_id, what=what, scale=scale, item_set=item_set)
    if file_format == "jsonl":
        return jsonl_statements(job.project_id, what=what, scale=scale, item_set=item_set)
    judge = job.params["judge"]
    if unfit := id_with_blank(job.project_id, judge_id=judge, item_set=item_set):
        raise JobFailed(
            f"The id “{unfit}” has a blank in it, and qrels have blanks between their columns."
            " Export CSV or JSON lines instead."
        )
    return [qrels_statement(job.project_id, judge_id=judge, item_set=item_set)]


def _expected_rows(job: Job) -> int | None:
    """About how many rows will come, from cheap counts; None for references, other scales, sets and qrels."""
    if job.params["file_format"] == "qrels" or job.params["what"] == "references":
        return None
    if job.params.get("scale") or job.params.get("item_set"):
        return None
    n = 0
    with connection.cursor() as cursor:
        if job.params["what"] != "verdicts":
            n += count(Label.objects.current().filter(rater__project=job.project_id)).n
        if job.params["what"] != "labels":
            cursor.execute(
                "SELECT coalesce(sum(n_graded + n_scored + n_abstained + n_unreadable + n_failed), 0)"
                " FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id"
                " JOIN corpus_job b ON b.id = r.job_id WHERE b.state = 'done'"
                " AND j.rubric_id = (SELECT min(id) FROM corpus_rubric WHERE project_id = %s)",
                [job.project_id],
            )
            n += int(cursor.fetchone()[0])
    return n or None


def _suffix(job: Job) -> str:
    return {"csv": "csv", "jsonl": "jsonl", "qrels": "qrels.txt"}[job.params["file_format"]]
