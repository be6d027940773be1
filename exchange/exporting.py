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
from corpus.models import Item, ItemSet, Job, Project, Rubric, User
from corpus.models.audit import Verb
from corpus.variants import ALL_ARE_VARIANTS, has_only_variants
from exchange.long_form import EXACT, csv_statements, header, jsonl_statements
from exchange.qrels_form import id_with_blank, qrels_statement
from exchange.tools.file import Piece, Source
from exchange.tools.registry import TOOL_FILES
from exchange.tools.source import source_of
from judges.models import Judge

WHAT = ("labels", "verdicts", "both", "references", "items")
FILE_FORMATS = ("csv", "jsonl", "qrels", *TOOL_FILES)
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
    pseudonyms: bool = False,
    by: User | None = None,
    out: Path | None = None,
) -> Job:
    """Queue an export. Qrels hold the reference, or one judge's grades when a judge is given.

    With a `scale` of the project's further ones, the labels of the rounds on it alone. A labelling tool's
    file holds all items with people's labels and judges' verdicts, or with a judge that one's alone; of
    "items" their texts alone. Without an `item_set` variants are left out, and runs of experiments. With
    `pseudonyms` people go by numbers.
    `out` is where a command wants the file; without it the file lies under CONCORD_VAR and is downloaded.
    """
    if what not in WHAT or file_format not in FILE_FORMATS:
        raise CannotExport(f"Choose one of {', '.join(WHAT)} and one of {', '.join(FILE_FORMATS)}.")
    if judge is not None and judge.project_id != project.pk:
        raise CannotExport("That judge belongs to another project.")
    if file_format in TOOL_FILES:
        _check_tool(project, what, judge)
    elif what == "items":
        raise CannotExport("Items without grades go to labelling tools; other files have a row for a grade.")
    is_long = file_format in ("csv", "jsonl")
    if scale is not None and (scale.project_id != project.pk or scale.is_main or not is_long):
        raise CannotExport("Labels on a further scale of the project go out as CSV or JSON lines.")
    if judge is not None and is_long:
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
            "pseudonyms": pseudonyms,
            "out": str(out.resolve()) if out else "",
        },
    )
    record(Verb.EXPORT_STARTED, job, project=project, by=by, what=what, file_format=file_format)
    if out is None:
        enqueue(job)
    return job


def _check_tool(project: Project, what: str, judge: Judge | None) -> None:
    """Raise CannotExport where a labelling tool's file cannot hold this."""
    if what == "references":
        raise CannotExport(
            "Labelling tools are given labels and verdicts; references go out in the long form."
        )
    if judge is not None and judge.rubric_id != project.rubric.pk:
        raise CannotExport("That judge grades on another scale than the project's own.")


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


def beside_path(job: Job) -> Path | None:
    """Where the second file of a labelling tool's export lies; None for other exports."""
    tool = TOOL_FILES.get(job.params["file_format"])
    return export_path(job).with_suffix(f".{tool.beside}") if tool else None


def download_name(job: Job) -> str:
    """The name a browser saves the file under."""
    return f"{_stem(job)}.{_suffix(job)}"


def beside_name(job: Job) -> str:
    """The name a browser saves the second file under."""
    return f"{_stem(job)}.{TOOL_FILES[job.params['file_format']].beside}"


def _stem(job: Job) -> str:
    tool = f"{job.params['file_format']}-" if job.params["file_format"] in TOOL_FILES else ""
    return f"{job.project.slug}-{tool}{job.params['what']}-{job.pk}"


def run_export(job_id: int, *, on_update=None) -> Job | None:
    """Do the export that this job describes; returns the ended job, None if somebody else has it."""
    return do_exclusively(job_id, export_file, on_update=on_update)


def export_file(job: Job, progress: Progress) -> dict:
    """Stream the rows into a file beside the final one and rename it when whole; memory stays flat.

    All rows are of one moment. Result: filename, n_rows, n_bytes, sha256, seconds; beside, with title,
    filename, n_bytes and sha256, where there is a second file.
    """
    started = time.monotonic()
    paths = [path for path in (export_path(job), beside_path(job)) if path]
    parts = [path.with_name(f"{path.name}.{job.pk}.part") for path in paths]
    beside: dict = {}
    try:
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        with _one_moment():
            progress.update(n_total=_expected_rows(job), note="Writing rows")
            with parts[0].open("wb") as file, _Sink(file, progress) as sink:
                sink.write_all(_pieces(job))
            if len(parts) > 1:
                with parts[1].open("wb") as file, _Sink(file, progress) as second:
                    second.write_all(_pieces_beside(job))
                title = TOOL_FILES[job.params["file_format"]].beside_title
                beside = {"beside": {"title": title, "filename": beside_name(job), **second.told}}
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
    except OSError as error:
        raise JobFailed(f"The file {paths[0].name} could not be written: {error.strerror}.") from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    progress.update(n_done=sink.n_rows, n_total=sink.n_rows)
    return beside | {
        "filename": download_name(job),
        "n_rows": sink.n_rows,
        **sink.told,
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

    @property
    def told(self) -> dict:
        """What the job's result says of the file."""
        return {"n_bytes": self.n_bytes, "sha256": self.digest.hexdigest()}

    def write_all(self, pieces: Iterable[Piece]) -> None:
        """Append bytes as they are and what COPY statements give, and wait until all is in the file."""
        for piece in pieces:
            if isinstance(piece, bytes):
                self.write([piece])
            else:
                self.copy(*piece)
        self.finish()

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


def _pieces(job: Job) -> Iterable[Piece]:
    """Bytes, and COPY statements whose output, one after the other, is the file.

    Raises JobFailed where it cannot be.
    """
    file_format, what = job.params["file_format"], job.params["what"]
    item_set = job.params.get("item_set")
    asked = {"scale": job.params.get("scale"), "item_set": item_set}
    asked |= {"pseudonyms": bool(job.params.get("pseudonyms"))}
    if tool := TOOL_FILES.get(file_format):
        source = _source(job)
        return [tool.before(source), *tool.statements(source), tool.after]
    if file_format == "csv":
        scale = Rubric.objects.filter(pk=job.params.get("scale")).first()
        return [header(scale, item_set=item_set), *csv_statements(job.project_id, what=what, **asked)]
    if file_format == "jsonl":
        return jsonl_statements(job.project_id, what=what, **asked)
    judge = job.params["judge"]
    if unfit := id_with_blank(job.project_id, judge_id=judge, item_set=item_set):
        raise JobFailed(
            f"The id “{unfit}” has a blank in it, and qrels have blanks between their columns."
            " Export CSV or JSON lines instead."
        )
    return [qrels_statement(job.project_id, judge_id=judge, item_set=item_set)]


def _pieces_beside(job: Job) -> Iterable[Piece]:
    """The same of the second file of a labelling tool's export."""
    return TOOL_FILES[job.params["file_format"]].write_beside(_source(job))


def _source(job: Job) -> Source:
    params = job.params
    return source_of(
        job.project,
        what=params["what"],
        pseudonyms=bool(params.get("pseudonyms")),
        judge_id=params["judge"],
        item_set=params.get("item_set"),
    )


def _expected_rows(job: Job) -> int | None:
    """About how many rows will come, from cheap counts; None for references, other scales, sets and qrels."""
    if job.params.get("scale") or job.params.get("item_set"):
        return None
    if job.params["file_format"] in TOOL_FILES:
        return count(Item.objects.for_project(job.project).single()).n or None
    if job.params["file_format"] == "qrels" or job.params["what"] == "references":
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
    tools = {name: tool.suffix for name, tool in TOOL_FILES.items()}
    return ({"csv": "csv", "jsonl": "jsonl", "qrels": "qrels.txt"} | tools)[job.params["file_format"]]
