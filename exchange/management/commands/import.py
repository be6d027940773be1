import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from corpus.models import Job, Project
from corpus.services import create_project
from exchange.formats.rows import FileProblem
from exchange.importing import run_import
from exchange.importing.importer import bad_rows_path, sniff_import
from exchange.importing.preparing import KINDS, prepare_import


class Command(BaseCommand):
    help = (
        "Import a file into a project: pairs, verdicts made elsewhere, people's labels, TREC qrels, topics,"
        " collection or run files, or Concord's own export. All rows go in, or none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name; made when missing")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--as", dest="kind", choices=KINDS, default="", help="what the rows are (else guessed)"
        )
        parser.add_argument("--judge", default="", help="the judge whose verdicts these are")
        parser.add_argument("--rater", default="", help="the person whose grades these are")
        parser.add_argument("--condition", default="", help="the condition of qrels that a judge made")
        parser.add_argument(
            "--map", nargs="+", default=[], metavar="theirs=ours", help="their column = our field"
        )
        parser.add_argument("--encoding", default="", help="the file's encoding (else detected)")
        parser.add_argument("--dry-run", action="store_true", help="check every row, store nothing")
        parser.add_argument("--good-rows", action="store_true", help="store the good rows, leave out the bad")
        parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")

    def handle(self, *, project: str, file: Path, kind: str, json: bool, **options) -> None:
        console = Console(stderr=True)
        found = Project.objects.filter(slug=project).first()
        if found is None:
            found = create_project(project, slug=project)
            console.print(f"Made project “{project}” (grades 0–3, cut 2).")
        job = prepare_import(
            found,
            file,
            filename=file.name,
            kind=kind,
            mapping=_mapping(options["map"]),
            encoding=options["encoding"],
            judge=options["judge"],
            rater=options["rater"],
            condition=options["condition"],
            good_rows=options["good_rows"],
            dry_run=options["dry_run"],
        )
        try:
            sniffed = sniff_import(job)
        except FileProblem as problem:
            Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, error=str(problem))
            raise CommandError(str(problem)) from problem
        console.print(f"Reading {file.name} as {sniffed.kind} ({sniffed.file_format}, {sniffed.encoding}).")
        Job.objects.filter(pk=job.pk, state=Job.State.DRAFT).update(state=Job.State.QUEUED)
        ended = _run_here(job, console)
        self._report(ended, console, as_json=json)

    def _report(self, job: Job, console: Console, *, as_json: bool) -> None:
        result = job.result
        if as_json:
            shown = {key: value for key, value in result.items() if key != "bad_rows"}
            self.stdout.write(json.dumps({"job": job.pk, "state": job.state, "error": job.error} | shown))
        if result.get("n_bad"):
            table = Table("line", "column", "reason", title=f"Bad rows (first {len(result['bad_rows'])})")
            for bad in result["bad_rows"]:
                table.add_row(str(bad["line"]), bad["column"], bad["reason"])
            console.print(table)
            console.print(f"All {result['n_bad']:,} bad rows: {bad_rows_path(job)}")
        if job.state != Job.State.DONE:
            raise CommandError(job.error or "The import was cancelled; nothing was stored.")
        if as_json:
            return
        counts = ", ".join(f"{n:,} {name}" for name, n in result["counts"].items()) or "nothing new"
        said = "Would store" if result["dry_run"] else "Stored"
        self.stdout.write(f"{said} from {result['n_rows']:,} rows in {result['seconds']} s: {counts}.")
        outcomes = {name: n for name, n in result["outcomes"].items() if name != "graded"}
        if outcomes:
            self.stdout.write(
                "Without a grade: "
                + ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in outcomes.items())
            )


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, sign, ours = pair.partition("=")
        if not sign or not theirs or not ours:
            raise CommandError(
                f"--map takes theirs=ours, for example docid=candidate_id; “{pair}” is not that."
            )
        mapping[theirs] = ours
    return mapping


def _run_here(job: Job, console: Console) -> Job:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task("Importing", total=None)
        ended = run_import(
            job.pk,
            on_update=lambda job: bar.update(task, completed=job.n_done, total=job.n_total),
        )
    if ended is None:
        raise CommandError("Another worker took this import over.")
    return ended
