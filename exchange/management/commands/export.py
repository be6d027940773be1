import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from corpus.models import Job, Project
from exchange.exporting import FILE_FORMATS, WHAT, prepare_export, run_export
from judges.models import Judge


class Command(BaseCommand):
    help = "Write a project's grades into a file: the long form as CSV or JSON lines, or TREC qrels."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project")
        parser.add_argument("--as", dest="file_format", choices=FILE_FORMATS, required=True)
        parser.add_argument("--out", type=Path, required=True, help="the file to write")
        parser.add_argument("--what", choices=WHAT, default="both")
        parser.add_argument("--judge", default="", help="qrels: this judge's grades instead of the reference")
        parser.add_argument("--prompt", default="", help="qrels: which of the judge's prompts")
        parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")

    def handle(self, *, project: str, file_format: str, out: Path, what: str, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        if out.is_dir() or not out.parent.is_dir():
            raise CommandError(f"--out {out}: name a file in a folder that exists.")
        judge = _judge(found, options["judge"], options["prompt"]) if options["judge"] else None
        job = prepare_export(found, what=what, file_format=file_format, judge=judge, out=out)
        console = Console(stderr=True)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not sys.stderr.isatty(),
        ) as bar:
            task = bar.add_task("Exporting", total=None)
            ended = run_export(
                job.pk, on_update=lambda job: bar.update(task, completed=job.n_done, total=job.n_total)
            )
        if ended is None:
            raise CommandError("Another worker took this export over.")
        if ended.state != Job.State.DONE:
            raise CommandError(ended.error or "The export was cancelled.")
        if options["json"]:
            self.stdout.write(json.dumps({"job": ended.pk, "file": str(out)} | ended.result))
        else:
            self.stdout.write(
                f"{ended.result['n_rows']:,} rows, {ended.result['n_bytes']:,} bytes in {out}"
                f" ({ended.result['seconds']} s)."
            )


def _judge(project: Project, name: str, prompt: str) -> Judge:
    judges = project.judges.filter(name=name)
    if prompt:
        judges = judges.filter(prompt__name=prompt)
    judge = judges.order_by("-version").first()
    if judge is None:
        raise CommandError(
            f"Project “{project.slug}” has no judge “{name}”{f' with prompt “{prompt}”' if prompt else ''}."
        )
    if not prompt and judges.values("prompt").distinct().count() > 1:
        raise CommandError(f"Judge “{name}” has several prompts; name one with --prompt.")
    return judge
