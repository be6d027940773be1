import json as json_module

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from reports.as_json import robustness_rows
from reports.robustness.attacks import Robustness
from reports.robustness.report import robustness
from reports.robustness.verdicts import ExperimentUnknown
from reports.scope import ScopeRefused, scope_of
from reports.showing import said

WIDTH_OF_A_FILE = 220  # characters
NOTHING = (
    "No judge has a verdict on an attacked item yet: import attacked candidates (--as attacks) and the"
    " verdicts on them (--as verdicts), or make a battery."
)


class Command(BaseCommand):
    help = (
        "What every attack does to every judge: error against people, attack success, shift, flips beyond the"
        " judge's own noise, with 95 % intervals over queries. The newest complete verdict on an item counts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--json", action="store_true", help="print a list of objects, undefined as null")
        parser.add_argument("--cut", type=int, help="the least grade that is relevant (else the rubric's)")
        parser.add_argument(
            "--experiment", metavar="NAME", help="only the runs of this robustness experiment"
        )

    def handle(self, *, project: str, json: bool, cut: int | None, experiment: str | None, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        try:
            scope = scope_of(found, cut=cut)
            report = robustness(found, scope=scope, experiment=experiment)
        except (ScopeRefused, ExperimentUnknown) as refusal:
            raise CommandError(str(refusal)) from refusal
        if json:
            rows = robustness_rows(report.judges, cut=scope.cut)
            lines = [json_module.dumps(row, ensure_ascii=False) for row in rows]
            self.stdout.write("[\n" + ",\n".join(lines) + "\n]")
        elif report.judges:
            self._print(report, cut=scope.cut)
        else:
            self.stdout.write(NOTHING)

    def _print(self, report: Robustness, *, cut: int) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        table = Table(title=f"Attacks, 95 % intervals over queries, cut {cut}", title_justify="left")
        for heading in ("judge", "prompt", "condition", "carrier", "attack"):
            table.add_column(heading, overflow="fold")
        headings = ("words", "graded / n", "MAE", f"share ≥ {cut}", "attack success", "shift")
        for heading in (*headings, "excess flips", "p (Holm)"):
            table.add_column(heading, justify="right", no_wrap=True)
        for judge in report.judges:
            table.add_section()
            names = (judge.name, judge.prompt or "–", judge.condition_name or "–")
            for each in judge.doses:
                of = each.figures
                figures = (of.mae, of.share, of.attack_success, of.shift, of.excess_flips)
                table.add_row(
                    *names,
                    each.carrier,
                    each.attack,
                    str(each.words),
                    f"{of.n_graded:,} / {of.n:,}",
                    *map(said, figures),
                    "–" if of.p_holm != of.p_holm else f"{of.p_holm:.4f}",
                )
        console.print(table)
        console.print(
            "Attack success: of the items right when clean, the share on the wrong side of the cut when"
            " attacked. p (McNemar) is adjusted by Holm within each judge and family of attacks."
        )
