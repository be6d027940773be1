import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from reports.drawing import DrawnRound, drawn_rounds
from reports.people import people_agreement
from reports.people_figures import People, people_as_json
from reports.people_words import say_people
from reports.scope import scope_of
from reports.showing import said

WIDTH_OF_A_FILE = 160  # characters


class Command(BaseCommand):
    help = (
        "How far the people of a project agree with each other: Krippendorff's α, Fleiss' κ, every grade,"
        " every rater and every two raters, with 95 % intervals from a bootstrap over queries."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--round", help="only the labels of the round with this name")
        parser.add_argument("--criterion", help="which scale of a rubric of several criteria, by its name")
        parser.add_argument(
            "--json", action="store_true", help="print one object; an estimate is [value, low, high]"
        )

    def handle(
        self, *, project: str, round: str | None, criterion: str | None, json: bool, **options
    ) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        wanted = found.rounds.filter(name=round).first() if round else None
        if round and wanted is None:
            raise CommandError(f"The project has no round “{round}”.")
        scales = [scale.name for scale in (wanted.rubric if wanted else found.rubric).scales]
        if criterion and criterion not in scales:
            raise CommandError(f"There is no criterion “{criterion}”; choose one of {', '.join(scales)}.")
        place = scales.index(criterion) if criterion else 0
        names = dict(found.raters.values_list("pk", "name"))
        people = people_agreement(found, scope=scope_of(found), round=wanted, criterion=place)
        drawn = drawn_rounds(found, round=wanted)
        if json:
            self.stdout.write(_as_json(people, names, drawn))
        else:
            self._print(people, names)
            self.stdout.write("".join(f"{each}\n" for each in drawn), ending="")

    def _print(self, people: People, names: dict[int, str]) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        console.print(" ".join(say_people(people, names=names)))
        if not people.n_items:
            return
        for measure in ("alpha_nominal", "alpha_ordinal", "alpha_interval", "fleiss_kappa"):
            console.print(f"{measure.replace('_', ' ')}: {said(getattr(people, measure))}")
        table = Table(title="Each person, 95 % intervals over queries", title_justify="left")
        table.add_column("person", overflow="fold")
        standard = "gold" if people.has_gold else "standard"
        for heading in ("labels", "shared", "κ", "weighted κ", "bias", f"n {standard}", "right", "median s"):
            table.add_column(heading, justify="right", no_wrap=True)
        for rater in people.raters:
            seconds = rater.work.median_seconds
            table.add_row(
                names[rater.rater] + (" (looks random)" if rater.looks_random else ""),
                f"{rater.work.n_labels:,}",
                f"{rater.n_items:,}",
                said(rater.kappa),
                said(rater.weighted),
                said(rater.bias),
                f"{rater.n_standard:,}",
                said(rater.standard_accuracy),
                f"{seconds:.1f}" if seconds is not None else "–",
            )
        console.print(table)


def _as_json(people: People, names: dict[int, str], drawn: list[DrawnRound]) -> str:
    """The figures with names in the place of ids, and the rounds that were drawn by priority."""
    row = people_as_json(people) | {"drawn_by_priority": [each._asdict() for each in drawn]}
    for rater, figures in zip(people.raters, row["raters"], strict=True):
        figures |= {"rater": names[rater.rater], "looks_random": rater.looks_random}
    for pair in row["pairs"]:
        pair |= {"first": names[pair["first"]], "second": names[pair["second"]]}
    return json.dumps(row, ensure_ascii=False, indent=1)
