import json as json_module

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from reports.aggregating import LABELS, Aggregate, aggregate, rankings_of_judges, rankings_of_systems
from reports.measure_words import BY_KEY
from reports.system_scores import DEFAULT_MEASURE, MeasureRefused

USUAL = {"judges": ["kappa", "kappa_quadratic", "alpha_ordinal"], "systems": [DEFAULT_MEASURE]}
WIDTH_OF_A_FILE = 140  # characters


class Command(BaseCommand):
    help = (
        "One order of judges or systems over several measures and projects: their mean place, how many others"
        " each beats (Borda), and the order that goes against the fewest pairwise preferences (Kemeny)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=[*USUAL], help="what to put in order")
        parser.add_argument("projects", nargs="+", help="the projects' short names")
        parser.add_argument(
            "--measures",
            nargs="+",
            help=f"of judges: {', '.join(BY_KEY)}; of systems: nDCG@10, AP, …",
        )
        parser.add_argument("--labels", choices=LABELS, default="people", help="whose grades order systems")
        parser.add_argument("--json", action="store_true", help="print an object")

    def handle(self, *, what, projects, measures, labels, json, **options) -> None:
        found = [Project.objects.filter(slug=slug).first() for slug in projects]
        if None in found:
            raise CommandError(f"There is no project “{projects[found.index(None)]}”.")
        chosen = measures or USUAL[what]
        try:
            if what == "judges":
                made = aggregate(rankings_of_judges(found, chosen))
            else:
                made = aggregate(rankings_of_systems(found, chosen, labels=labels))
        except KeyError as error:
            raise CommandError(
                f"{error} is no measure of judges; choose from {', '.join(BY_KEY)}."
            ) from error
        except MeasureRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if json:
            rows = [each._asdict() for each in made.placed]
            facts = made._asdict() | {"placed": rows}
            self.stdout.write(json_module.dumps(facts, ensure_ascii=False, indent=1))
        elif made.placed:
            self._print(made, what)
        else:
            self.stdout.write(f"There are no two {what} to put in order.")

    def _print(self, made: Aggregate, what: str) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        table = Table(title=f"{what.capitalize()} over {len(made.sources)} rankings", title_justify="left")
        table.add_column(what.removesuffix("s"), overflow="fold")
        for heading in ("rankings", "mean place", "Borda", "Kemeny"):
            table.add_column(heading, justify="right")
        for each in made.placed:
            figures = (f"{each.mean_place:.1f}", f"{each.borda:.3f}", str(each.kemeny))
            table.add_row(each.name, str(each.n_rankings), *figures)
        console.print(table)
        found = "the best there is" if made.is_exact else "found by search"
        console.print(
            f"Kemeny's order, {found}, goes against {made.n_against:g} pairwise preferences."
            f" Rankings: {'; '.join(made.sources)}."
        )
