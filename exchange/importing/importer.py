"""An import from its first byte to its last: all rows or, if the user chose so, the good ones."""

import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from corpus.jobs import JobFailed, Progress, do_exclusively
from corpus.models import Job
from corpus.proven_keys import skip_proven_foreign_keys
from exchange.formats.kinds import TOOLS
from exchange.formats.reading import read_batches
from exchange.formats.rows import BadRow, FileProblem
from exchange.formats.sniffed import Sniffed
from exchange.formats.sniffing import sniff
from exchange.importing.attacks import AttackStore
from exchange.importing.bad_rows import BadRows
from exchange.importing.copying import lock_project
from exchange.importing.estimating import estimate_rows
from exchange.importing.prefetch import chunks_ahead, in_chunks, without_cycle_search
from exchange.importing.stores import (
    CollectionStore,
    GradeStore,
    LabelStore,
    PairStore,
    QrelStore,
    Store,
    TopicStore,
    VerdictStore,
)
from exchange.importing.systems import SystemStore
from exchange.importing.tools import QuepidStore, ToolStore

ROWS_A_CHUNK = 20_000
LEAST_ANALYZED = 1_000  # rows; fewer are read quickly whatever the plan
STORES: dict[str, type[Store]] = {
    "pairs": PairStore,
    "attacks": AttackStore,
    "labels": LabelStore,
    "qrels": QrelStore,
    "verdicts": VerdictStore,
    "grades": GradeStore,
    "topics": TopicStore,
    "collection": CollectionStore,
    "system": SystemStore,
    **{kind.name: ToolStore for kind in TOOLS},
    "quepid": QuepidStore,
}


class _RollBack(Exception):
    """Leaves the import's transaction without storing anything."""


def run_import(job_id: int, *, on_update=None) -> Job | None:
    """Do the import that this job describes; returns the ended job, None if somebody else has it."""
    return do_exclusively(job_id, import_file, on_update=on_update)


def sniff_import(job: Job) -> Sniffed:
    """What the job's file is, with the user's mapping applied. Raises FileProblem."""
    params = job.params
    return sniff(
        Path(params["path"]),
        kind=params.get("kind") or None,
        mapping=params.get("mapping") or None,
        encoding=params.get("encoding") or None,
        name=params.get("filename", ""),
    )


def import_file(job: Job, progress: Progress) -> dict:
    """Import the job's file in one transaction, which also ends the job; returns the result for its page.

    Raises JobFailed, with nothing stored, when the file cannot be read or has bad rows that the user
    has not chosen to leave out.
    """
    started = time.monotonic()
    try:
        sniffed = sniff_import(job)
    except FileProblem as problem:
        raise JobFailed(str(problem)) from problem
    bad = BadRows(bad_rows_path(job), columns={ours: theirs for theirs, ours in sniffed.mapping.items()})
    dry_run, good_rows = bool(job.params.get("dry_run")), bool(job.params.get("good_rows"))
    found = _Found()
    result: dict = {}

    def sum_up(*, stored: bool) -> dict:
        return {
            "kind": sniffed.kind,
            "format": sniffed.file_format,
            "n_rows": found.n_rows,
            "n_bad": bad.n,
            "bad_rows": bad.as_result(),
            "counts": {name: n for name, n in found.counts.items() if n},
            "outcomes": found.outcomes,
            "dry_run": dry_run,
            "stored": stored,
            "seconds": round(time.monotonic() - started, 2),
        }

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _take_all(cursor, job, sniffed, progress=progress, bad=bad, found=found)
            if dry_run or (bad.n and not good_rows):
                raise _RollBack
            result = sum_up(stored=True)
            progress.finish_within(cursor, result=result)
    except _RollBack:
        result = sum_up(stored=False)
        if bad.n and not dry_run:
            raise JobFailed(_bad_rows_sentence(bad.n, found.n_rows), result=result) from None
    except FileProblem as problem:
        raise JobFailed(f"{problem} Nothing was stored.", result=sum_up(stored=False)) from problem
    finally:
        bad.close()
    if result["stored"]:
        _analyze(found.n_rows)
    return result


@dataclass
class _Found:
    """What the file turned out to hold, so far."""

    n_rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)


def _take_all(cursor, job: Job, sniffed: Sniffed, *, progress: Progress, bad: BadRows, found: _Found) -> None:
    """Write the whole file inside the caller's transaction. Raises FileProblem where it breaks off."""
    path = Path(job.params["path"])
    has_lines = sniffed.file_format != "json"
    expected = (estimate_rows(path) or 0) if has_lines else 0
    lock_project(
        cursor,
        job.project_id,
        while_waiting=lambda: progress.update(note="Waiting for another import of this project"),
    )
    progress.update(note="Reading")
    skip_proven_foreign_keys(cursor)
    store = STORES[sniffed.kind](cursor, project=job.project, job=job, bad=bad)
    chunks = in_chunks(read_batches(path, sniffed), size=ROWS_A_CHUNK)
    with without_cycle_search(), closing(chunks_ahead(chunks)) as ahead:
        for chunk in ahead:
            found.n_rows += len(chunk)
            good = [row for row in chunk if type(row) is not BadRow]
            if len(good) < len(chunk):
                for row in chunk:
                    if type(row) is BadRow:
                        bad.take(row)
            store.take(good)
            bad.flush()
            progress.update(n_done=found.n_rows, n_total=max(expected, found.n_rows) or None)
    progress.update(n_done=found.n_rows, n_total=found.n_rows, note="Finishing")
    store.finish()
    bad.flush()
    found.counts, found.outcomes = store.counts(), store.verdicts.outcomes


def bad_rows_path(job: Job) -> Path:
    """Where the list of all bad rows of this import lies, if it has any."""
    return settings.FILES / "imports" / f"{job.pk}-bad-rows.csv"


def _bad_rows_sentence(n_bad: int, n_rows: int) -> str:
    rows = "1 row is bad" if n_bad == 1 else f"{n_bad:,} rows are bad"
    return (
        f"{rows} of {n_rows:,}; nothing was stored. Mend them and import again, or import only the good rows."
    )


def _analyze(n_rows: int) -> None:
    """Let the planner know of a change at once, not when autovacuum comes by.

    Without it pages that are opened within that minute are planned for empty tables: seconds for 37,000 rows.
    """
    if n_rows < LEAST_ANALYZED:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE corpus_query, corpus_candidate, corpus_item, corpus_variant, corpus_reference,"
            " annotate_label, judges_verdict"
        )
