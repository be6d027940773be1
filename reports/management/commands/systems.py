import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from corpus.models.collection import Split
from reports.as_json import ranking_rows
from reports.figures import estimate_as_json
from reports.scope import ScopeRefused, reported_split, scope_of
from reports.showing import said
from reports.system_scores import DEFAULT_MEASURE, MEASURES, MeasureRefused
from reports.systems import ORDERS, SystemsReport, rank_systems

SIGNS = {"tau": "τ", "tau_ap": "τ AP", "rho": "ρ", "rbo": "RBO"}
WIDTH_OF_A_FILE = 160  # characters


class Command(BaseCommand):
    help = (
        "Whether judges put the project's systems (imported run files) in the order in which people put them."
        " Every query with human grades counts; a system that returned nothing for one scores 0 there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--json", action="store_true", help="print a list of objects, one a judge")
        parser.add_argument("--runs", action="store_true", help="print the systems' scores instead")
        parser.add_argument(
            "--measure", default=DEFAULT_MEASURE, help=f"{', '.join(MEASURES)}; other depths too"
        )
        parser.add_argument("--cut", type=int, help="the least grade that is relevant (else the rubric's)")
        parser.add_argument("--split", choices=[*Split.values, "all"], help="the queries to take")

    def handle(self, *, project, json, runs, measure, cut, split, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        try:
            scope = scope_of(found, cut=cut, split=reported_split(found, split))
            report = rank_systems(found, measure=measure, scope=scope)
        except (ScopeRefused, MeasureRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        rows = _systems(report) if runs else ranking_rows(report)
        if json:
            lines = ",\n".join(_dumped(row) for row in rows)
            self.stdout.write(f"[\n{lines}\n]" if rows else "[]")
        elif not report.systems:
            self.stdout.write(
                "No system is known yet; import run files: manage.py import PROJECT FILE --as system"
            )
        elif not rows:
            self.stdout.write("No judge has graded an item of a query with human grades yet.")
        else:
            self._print(report, rows, runs=runs)

    def _print(self, report: SystemsReport, rows: list[dict], *, runs: bool) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        title = f"{len(report.systems)} systems, {report.measure}, {report.n_queries} queries"
        table = Table(title=title, title_justify="left")
        if runs:
            table.add_column("system", overflow="fold")
            for name in ("people", *(each.name for each in report.judges)):
                table.add_column(name, justify="right")
            order = sorted(range(len(report.systems)), key=lambda row: -report.people[row].value)
            for row in order:
                judged = [f"{each.means[row]:.4f}" for each in report.judges]
                table.add_row(report.systems[row], said(report.people[row]), *judged)
        else:
            for heading in ("judge", "prompt", "condition"):
                table.add_column(heading, overflow="fold")
            for heading in SIGNS.values():
                table.add_column(heading, justify="right", no_wrap=True)
            for each in sorted(report.judges, key=lambda each: -each.tau.value):
                figures = [said(getattr(each, key)) for key in ORDERS]
                table.add_row(each.name, each.prompt or "–", each.condition or "–", *figures)
        console.print(table)


def _systems(report: SystemsReport) -> list[dict]:
    return [
        {
            "system": name,
            "measure": report.measure,
            "n_queries": report.n_queries,
            "people": estimate_as_json(report.people[row])[0],
            "people_ci": estimate_as_json(report.people[row])[1:],
            "judges": [
                {"judge": each.name, "prompt": each.prompt, "mean": each.means[row]} for each in report.judges
            ],
        }
        for row, name in enumerate(report.systems)
    ]


def _dumped(row: dict) -> str:
    return json.dumps(row, ensure_ascii=False)
