import json as json_module
from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from judges.models import Experiment
from reports.compliance.as_json import contrast_rows, everything
from reports.compliance.figures import Report
from reports.compliance.report import UNREADABLE, WITHIN, WRONG, compliance
from reports.compliance.words import points, points_interval, say_judge, say_power
from reports.words import called

WIDTH_OF_A_FILE = 190  # characters


class Command(BaseCommand):
    help = (
        "Whether judges still answer rightly when distracted, threatened or told to answer at any price:"
        " the planned contrasts of every compliance experiment, and of verdicts brought in under conditions"
        " that have a cell. Differences are percentage points of correct answers, paired within item."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--json", action="store_true", help="print a list of objects, undefined as null")
        parser.add_argument("--experiment", help="only the experiment of this name")
        parser.add_argument(
            "--within",
            type=int,
            choices=[*WITHIN],
            help="grades so far off count as correct (else the plan's)",
        )
        parser.add_argument(
            "--unreadable",
            choices=[*UNREADABLE],
            default=WRONG,
            help="unreadable answers count as wrong (main analysis) or are left out (second)",
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help="with --json: an object with contrasts, cells, effects, failure modes and families of items",
        )

    def handle(self, *, project: str, json: bool, **options) -> None:
        if options["all"] and not json:
            raise CommandError("--all is for --json: so many figures need a file.")
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        reports = [
            (name, report)
            for name, experiment in _asked_for(found, options["experiment"])
            if (report := compliance(
                found, experiment, within=options["within"], unreadable=options["unreadable"]
            ))
        ]  # fmt: skip
        if json:
            self.stdout.write(_as_json(reports, with_all=options["all"]))
            return
        for name, report in reports:
            self._print(name, report)
        if not reports:
            self.stdout.write(
                "No compliance experiment has a complete run yet, and no verdicts were brought in under"
                " conditions that have a cell."
            )

    def _print(self, name: str | None, report: Report) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        table = Table(title=_title(name, report), title_justify="left")
        for heading in ("judge", "contrast"):
            table.add_column(heading, overflow="fold")
        for heading in ("items", "correct", "Δ points", "95 %", "b : c", "h", "p", "p (Holm)", "p (equiv.)"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("conclusion", no_wrap=True)
        for each in [*report.planned, *report.further]:
            of = each.change
            table.add_row(
                called(report.judges[each.judge]),
                each.name,
                f"{of.n_items:,}",
                f"{of.first:.1%} → {of.second:.1%}" if of.n_items else "–",
                points(of.difference.value),
                points_interval(of.difference),
                f"{of.lost:,} : {of.gained:,}",
                "–" if of.h != of.h else f"{of.h:+.2f}",
                *map(_p, (of.p, of.p_holm, of.p_equivalence)),
                str(of.conclusion),
            )
        console.print(table)
        for judge in range(len(report.judges)):
            console.print(say_judge(report, judge), markup=False)
        if power := say_power(report):
            console.print(power)


def _asked_for(project: Project, name: str | None) -> Iterator[tuple[str | None, Experiment | None]]:
    experiments = project.experiments.filter(kind=Experiment.Kind.COMPLIANCE).order_by("pk")
    if name is not None:
        experiment = experiments.filter(name=name).first()
        if experiment is None:
            names = ", ".join(f"“{each}”" for each in experiments) or "none"
            raise CommandError(f"There is no compliance experiment “{name}”; there are: {names}.")
        yield name, experiment
        return
    for experiment in experiments:
        yield experiment.name, experiment
    yield None, None


def _title(name: str | None, report: Report) -> str:
    of = f"Experiment {name}" if name else "Verdicts brought in"
    return (
        f"{of}: {report.n_items:,} items, correct is {WITHIN[report.within]}, unreadable ones"
        f" {UNREADABLE[report.unreadable]}"
    )


def _as_json(reports: list[tuple[str | None, Report]], *, with_all: bool) -> str:
    if not with_all:
        rows = [row for name, report in reports for row in contrast_rows(report, name)]
        lines = [json_module.dumps(row, ensure_ascii=False) for row in rows]
        return "[\n" + ",\n".join(lines) + "\n]"
    whole: dict[str, list] = {}
    for name, report in reports:
        for part, rows in everything(report, name).items():
            whole.setdefault(part, []).extend(rows)
    return json_module.dumps(whole, ensure_ascii=False, indent=1)


def _p(p: float) -> str:
    return "–" if p != p else f"{p:.4f}"
