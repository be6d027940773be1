import json
import time

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.live import Live
from rich.table import Table

from corpus.models import Project
from corpus.templatetags.show import duration
from judges.describing import outcome_sentence, run_figures
from judges.following import has_worker, work_here
from judges.models import Run
from judges.services import RunRefused, cancel_run, pause_run, resume_run, retry_failures

USAGE = """
  runs [PROJECT] [--json] [--watch]
  runs pause|resume|cancel|retry RUN [--json]"""
VERBS = {"pause": pause_run, "resume": resume_run, "cancel": cancel_run, "retry": retry_failures}
MOST_SHOWN = 50


class Command(BaseCommand):
    help = "List runs and how far they are; pause, resume, cancel one, or judge its failures once more."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs) -> CommandParser:
        return super().create_parser(prog_name, subcommand, usage=USAGE, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "words", nargs="*", metavar="PROJECT", help="a project, or a verb and a run's number"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON on stdout")
        parser.add_argument("--watch", action="store_true", help="keep the list up to date until Ctrl-C")

    def handle(self, *, words: list[str], as_json: bool, watch: bool, **_options) -> None:
        if len(words) == 2 and words[0] in VERBS:
            self.steer(words[0], words[1], as_json=as_json)
        elif len(words) > 1:
            raise CommandError(f"Say “runs PROJECT”, or “runs {'|'.join(VERBS)} RUN”.")
        elif watch:
            self.watch(_chosen(words))
        else:
            self.list(_chosen(words), as_json=as_json)

    def steer(self, verb: str, number: str, *, as_json: bool) -> None:
        run = _with_all(Run.objects.all()).filter(pk=int(number) if number.isdigit() else 0).first()
        if run is None:
            raise CommandError(f"There is no run {number}.")
        try:
            VERBS[verb](run)
        except RunRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if verb in ("resume", "retry") and not has_worker(run):
            work_here(run, console=Console(stderr=True))
        run = _with_all(Run.objects.all()).get(pk=run.pk)
        if as_json:
            self.stdout.write(json.dumps(run_figures(run)))
        else:
            self.stdout.write(f"{run} is {run.job.state}: {outcome_sentence(run)}.")

    def list(self, runs, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([run_figures(run) for run in runs]))
            return
        if not runs:
            self.stdout.write("No runs yet: start one with `judge PROJECT --judge NAME`.")
            return
        console = Console()
        with console.capture() as printed:
            console.print(_table(runs))
        self.stdout.write(printed.get(), ending="")

    def watch(self, runs) -> None:
        with Live(_table(runs), console=Console(stderr=True), auto_refresh=False) as live:
            try:
                while True:
                    time.sleep(1)
                    live.update(_table(runs.all()), refresh=True)
            except KeyboardInterrupt:
                return


def _with_all(runs):
    return runs.select_related("job", "judge__project", "judge__prompt", "item_set", "condition")


def _chosen(words: list[str]):
    runs = _with_all(Run.objects.made_here())
    if words:
        project = Project.objects.filter(slug=words[0]).first()
        if project is None:
            raise CommandError(f"There is no project “{words[0]}”.")
        runs = runs.for_project(project)
    return runs.order_by("-pk")[:MOST_SHOWN]


def _table(runs) -> Table:
    table = Table("run", "project", "judge", "state", "outcomes", "speed", "left")
    for run in runs:
        table.add_row(
            str(run.pk),
            run.judge.project.slug,
            f"{run.judge.name} v{run.judge.version}",
            run.job.get_state_display()
            + (f": {run.job.note or run.job.error}" if run.job.note or run.job.error else ""),
            outcome_sentence(run),
            f"{run.speed:.1f}/s" if run.speed else "–",
            duration(run.seconds_left) if run.seconds_left and not run.job.is_ended else "–",
        )
    return table
