"""Importing and exporting in tests: whole jobs on a real database, and snapshots of whole tables."""

import csv
import gzip
import io
import json
from pathlib import Path

from django.db import connection

from corpus.models import Job, Project
from exchange.exporting import export_path, prepare_export, run_export
from exchange.importing import run_import
from exchange.importing.preparing import prepare_import

TABLES = (
    *("corpus_query", "corpus_candidate", "corpus_item", "corpus_variant", "corpus_itemset"),
    "corpus_itemsetentry",
    *("corpus_reference", "corpus_rubric", "corpus_system", "corpus_hit"),
    *("annotate_rater", "annotate_label", "annotate_round", "annotate_participation"),
    *("judges_judge", "judges_prompt", "judges_condition", "judges_run", "judges_verdict"),
)


def queue_import(project: Project, content: str | bytes, folder: Path, *, name: str, **choices) -> Job:
    """A queued import of a file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    job = prepare_import(project, path, filename=name, **choices)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    return job


def table(rows: list[dict]) -> str:
    """CSV of rows with the same keys."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def lines(*rows: dict) -> str:
    """JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def in_order(rows: list[dict]) -> list[dict]:
    """Rows of the long form, each round's and run's by ids: within these the export promises no order."""
    return sorted(
        rows,
        key=lambda row: (
            row["rater_kind"],
            row.get("round") or "",
            int(row.get("run") or 0),
            row["query_id"],
            row["candidate_id"],
        ),
    )


def packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def snapshot() -> dict[str, list[tuple]]:
    """Every row of every table an import writes to, sorted; but for when a reference was last made."""
    found = {}
    with connection.cursor() as cursor:
        for name in TABLES:
            cursor.execute(f"SELECT (to_jsonb(t) - 'updated_at')::text FROM {name} t")
            found[name] = sorted(row[0] for row in cursor.fetchall())
    return found


def export(project: Project, **choices) -> bytes:
    """A finished export's bytes."""
    job = run_export(prepare_export(project, **choices).pk)
    assert job.state == Job.State.DONE, job.error
    return export_path(job).read_bytes()


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def run(job: Job, **how) -> Job:
    ended = run_import(job.pk, **how)
    assert ended is not None
    return ended
