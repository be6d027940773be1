"""Making a release: asked for, done in a job, whole or not at all."""

import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotate.models import Guidelines
from corpus.audit import record
from corpus.beside import Behind
from corpus.jobs import JobFailed, Progress, do_exclusively, enqueue
from corpus.models import Job, Project, User
from corpus.models.audit import Verb
from exchange.datasets.frozen import FILES, Freezer, sha256_of
from exchange.datasets.outputs import Outputs
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.reading import one_moment, same_moment
from exchange.datasets.sources import Sources, find_sources
from exchange.datasets.splits import Placed, place_queries
from exchange.datasets.tables import read_table
from exchange.datasets.writers.base import CannotWrite
from exchange.datasets.writers.formats import FORMATS
from exchange.models import Release
from exchange.releases.facts import Tally, gather_facts, missed_as_json
from exchange.releases.papers import MANIFEST, PAPERS, README, make_manifest, make_readme

LONGEST_NAME = 100
NO_ROWS = (
    "No item of the project is in this dataset: nothing has the grades that the plan takes."
    " Label items or run the judge, choose another source, or include what is unjudged."
)


@transaction.atomic
def prepare_release(
    project: Project, *, name: str, plan: Plan, licence: str = "", by: User | None = None
) -> Release:
    """A release that is still to be made, with its job; the name's next version. Raises CannotRelease.

    The caller has the job done: `enqueue` for a worker, or `run_release`.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or "@" in name:
        raise CannotRelease(
            f"A release has a name of at most {LONGEST_NAME} characters on one line, without @."
        )
    find_sources(project, plan)
    Project.objects.select_for_update(no_key=True).only("pk").get(pk=project.pk)
    newest = project.releases.filter(name=name).aggregate(version=Max("version"))["version"] or 0
    job = Job.objects.create(project=project, kind=Job.Kind.RELEASE, created_by=by, unit="items")
    release = Release.objects.create(
        project=project,
        name=name,
        version=newest + 1,
        job=job,
        plan=plan.as_json(),
        licence=licence.strip(),
        made_by=by,
    )
    Job.objects.filter(pk=job.pk).update(params={"release": release.pk})
    record(Verb.RELEASE_STARTED, release, project=project, by=by, formats=", ".join(plan.formats))
    return release


def start_release(project: Project, **asked: Any) -> Release:
    """`prepare_release`, and a worker is told."""
    with transaction.atomic():
        release = prepare_release(project, **asked)
        enqueue(release.job)
    return release


def run_release(job_id: int, *, on_update=None) -> Job | None:
    """Make the release of this job; returns the ended job, None if somebody else has it."""
    return do_exclusively(job_id, make_release, on_update=on_update)


def make_release(job: Job, progress: Progress) -> dict[str, Any]:
    """Write all files into a folder beside the final one; the folder gets its name as the job ends.

    All rows are of one moment. Result: n_rows, n_files, n_bytes, seconds.
    """
    began = time.monotonic()
    release = Release.objects.select_related("project").get(job=job)
    part = release.folder.with_name(f"{release.pk}.{job.attempt}.part")
    try:
        part.mkdir(parents=True)
        Guidelines.objects.current(release.project)
        _write_tables(release, part, progress)
        _write_papers(release, part)
        return _finish(release, part, progress, seconds=round(time.monotonic() - began, 2))
    except (CannotRelease, CannotWrite) as problem:
        raise JobFailed(str(problem)) from problem
    except OSError as error:
        raise JobFailed(f"The files could not be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_tables(release: Release, part: Path, progress: Progress) -> None:
    """The frozen tables and every format; sets the release's files and facts."""
    plan, tally, n_done = Plan.from_json(release.plan), Tally(), 0
    formats = [FORMATS[name] for name in plan.formats]
    with one_moment() as snapshot, Behind() as behind:
        sources = find_sources(release.project, plan)
        placed = place_queries(release.project, plan)
        gathering = behind.hand(_gather_facts, sources, snapshot)
        progress.update(n_total=placed.n_items * len(plan.tables), note="Writing rows")
        with Outputs(part, formats, sources.choices) as outputs:
            for table in plan.tables:
                n_done = _write_table(
                    table, sources, placed, part, outputs, tally, progress=progress, n_done=n_done
                )
        if not tally.rows:
            raise CannotRelease(NO_ROWS)
        progress.update(note="Measuring agreement")
        facts = gathering.result()
    frozen = [_file_fact(part, FILES[table]) for table in plan.tables]
    release.files = [*frozen, *(each._asdict() for each in outputs.written)]
    release.facts = facts | {"tally": tally.as_json(), "missed": missed_as_json(outputs.missed)}
    release.made_at = timezone.now()


def _gather_facts(sources: Sources, snapshot: str) -> dict[str, Any]:
    """The facts of the same moment, on a connection of its own while the rows are written."""
    with same_moment(snapshot):
        return gather_facts(sources, place_queries(sources.project, sources.plan))


def _write_table(
    table: str,
    sources: Sources,
    placed: Placed,
    part: Path,
    outputs: Outputs,
    tally: Tally,
    *,
    progress: Progress,
    n_done: int,
) -> int:
    """Freeze one table and write what is made of it; returns how far the work is."""
    with Freezer(part / FILES[table], table) as freezer:
        for rows in read_table(table, sources, placed):
            freezer.add(rows)
            outputs.add(table, rows)
            if table == "rows":
                tally.add(rows)
            n_done += len(rows)
            progress.update(n_done=n_done)
    return n_done


def _write_papers(release: Release, part: Path) -> None:
    """The card and the manifest, which know all other files."""
    for name, make in ((README, make_readme), (MANIFEST, make_manifest)):
        data = make(release, release.files)
        (part / name).write_bytes(data)
        release.files = [*release.files, paper_fact(name, data)]


def _finish(release: Release, part: Path, progress: Progress, *, seconds: float) -> dict[str, Any]:
    """Release, folder and job are done together, or not: whoever lost the job leaves nothing behind."""
    result = {
        "n_rows": release.n_rows,
        "n_files": len(release.files),
        "n_bytes": release.n_bytes,
        "seconds": seconds,
    }
    progress.job.n_done = progress.job.n_total or progress.job.n_done
    with transaction.atomic(), connection.cursor() as cursor:
        progress.finish_within(cursor, result=result)
        release.save(update_fields=["files", "facts", "made_at"])
        shutil.rmtree(release.folder, ignore_errors=True)
        part.rename(release.folder)
    return result


def _file_fact(part: Path, path: str) -> dict[str, Any]:
    import pyarrow.parquet as pq

    place = part / path
    return {
        "path": path,
        "format": "parquet",
        "n_rows": pq.read_metadata(place).num_rows,
        "n_bytes": place.stat().st_size,
        "sha256": sha256_of(place),
    }


def paper_fact(name: str, data: bytes) -> dict[str, Any]:
    """What is known of the card or the manifest."""
    return {
        "path": name,
        "format": PAPERS,
        "n_rows": data.count(b"\n"),
        "n_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
