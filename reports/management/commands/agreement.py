import json
from collections.abc import Sequence
from math import isfinite

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from corpus.models.collection import Split
from corpus.variants import say_left_out
from measures.summary import Agreement
from reports.agreement import JudgeAgreement, agreement
from reports.as_json import agreement_rows
from reports.ceiling import Ceiling, ceiling
from reports.drawing import DrawnRound, drawn_rounds
from reports.groups import COUNTINGS, with_measures
from reports.measure_words import MEASURE_WORDS, MeasureWords
from reports.scope import ScopeRefused, reported_split, scope_of
from reports.showing import said
from reports.slices import SliceRefused

WIDTH_OF_A_FILE, WIDTH_OF_NAMES, WIDTH_OF_A_MEASURE = 256, 68, 22  # characters


class Command(BaseCommand):
    help = (
        "How far each judge of a project agrees with its people: every measure with a 95 % interval from a"
        " bootstrap over queries. The newest complete verdict on an item counts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--json", action="store_true", help="print a list of objects, undefined as null")
        parser.add_argument("--cut", type=int, help="the least grade that is relevant (else the rubric's)")
        parser.add_argument(
            "--all",
            action="store_true",
            help="with --json: every measure of grades beside the main ones, under “measures”",
        )
        parser.add_argument(
            "--ungraded",
            choices=[*COUNTINGS],
            default="without",
            help="with --all: verdicts that abstained or failed are left out, or wrong grades",
        )
        parser.add_argument(
            "--slice", help="only the items of a slice, as the page Slices names it in its links"
        )
        parser.add_argument(
            "--split",
            choices=[*Split.values, "all"],
            help="the queries to take (else test, where the project has queries to tune on)",
        )

    def handle(self, *, project: str, json: bool, cut: int | None, split: str | None, **options) -> None:
        if (options["all"] or options["ungraded"] != "without") and not json:
            raise CommandError("--all and --ungraded are for --json: so many measures need a file.")
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        try:
            scope = scope_of(found, cut=cut, split=reported_split(found, split))
        except ScopeRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        scope = scope._replace(slice=options["slice"])
        try:
            judges = agreement(found, scope=scope)
        except SliceRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["all"]:
            judges = with_measures(found, judges, scope=scope, group="all", counting=options["ungraded"])
        drawn = drawn_rounds(found)
        if json:
            self.stdout.write(_as_json(judges, drawn))
        elif judges:
            self._print(judges, ceiling(found, scope=scope), cut=scope.cut)
            self.stdout.write("".join(f"{each}\n" for each in drawn), ending="")
            if left_out := say_left_out(found):
                self.stdout.write(left_out)
        else:
            nothing = "No judge has a verdict on an item with a human grade yet."
            self.stdout.write(f"{nothing} {say_left_out(found)}".strip())

    def _print(self, judges: list[JudgeAgreement], people: Ceiling | None, *, cut: int) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        defined = [words for words in MEASURE_WORDS if any(_is_defined(judge, words) for judge in judges)]
        shown = defined[: max(2, (console.width - WIDTH_OF_NAMES) // WIDTH_OF_A_MEASURE)]
        table = Table(
            title=f"Agreement with people, 95 % intervals over queries, cut {cut}", title_justify="left"
        )
        for heading in ("judge", "prompt", "condition"):
            table.add_column(heading, overflow="fold")
        for heading in ("graded / n", *(words.sign for words in shown)):
            table.add_column(heading, justify="right", no_wrap=True)
        for judge in sorted(judges, key=_by_kappa):
            of = judge.agreement
            names = (judge.name, judge.prompt or "–", judge.condition_name or "–")
            table.add_row(*names, f"{of.n_graded:,} / {of.n:,}", *_cells(of, shown))
        if people:
            table.add_section()
            name = f"two people, on {people.n_items:,} items"
            table.add_row(name, "", "", f"{people.n_pairs:,}", *_cells(people.agreement, shown), style="bold")
        console.print(table)
        if not people:
            console.print(
                "No item has grades of two people, so how far people agree with each other is unknown."
            )
        if left_out := [words.sign for words in defined if words not in shown]:
            console.print(f"Left out for want of width: {', '.join(left_out)}. --json has them all.")


def _as_json(judges: list[JudgeAgreement], drawn: list[DrawnRound]) -> str:
    rows = [json.dumps(row, ensure_ascii=False) for row in agreement_rows(judges, drawn)]
    return "[\n" + ",\n".join(rows) + "\n]"


def _by_kappa(judge: JudgeAgreement) -> tuple[bool, float]:
    kappa = judge.agreement.kappa.value
    return (False, -kappa) if isfinite(kappa) else (True, 0.0)


def _is_defined(judge: JudgeAgreement, words: MeasureWords) -> bool:
    return isfinite(getattr(judge.agreement, words.key).value)


def _cells(of: Agreement, shown: Sequence[MeasureWords]) -> list[str]:
    return [said(getattr(of, words.key)) for words in shown]
