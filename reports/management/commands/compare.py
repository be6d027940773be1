import json as json_module

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from corpus.models import Project
from corpus.models.collection import Split
from measures.comparing import Difference, adjusted
from reports.as_json import comparison_object
from reports.comparing import EPSILON, WEIGHTS, Together, compare, together
from reports.nulls import nulled
from reports.scope import ScopeRefused, reported_split, scope_of
from reports.showing import said

SIGNIFICANT = 0.05
WIDTH_OF_A_FILE = 180  # characters


class Command(BaseCommand):
    help = (
        "Every two judges on the items that both graded: whose κ with people is higher, with a permutation"
        " test that swaps the two within queries, adjusted for all pairs shown (Holm)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--json", action="store_true", help="print an object with all pairs")
        parser.add_argument("--weights", choices=WEIGHTS, default="plain", help="of κ")
        parser.add_argument(
            "--prompts",
            action="store_true",
            help="only pairs of the same judge with different prompts, as a family of their own",
        )
        parser.add_argument("--split", choices=[*Split.values, "all"], help="the queries to take")

    def handle(self, *, project, json, weights, prompts, split, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        try:
            scope = scope_of(found, split=reported_split(found, split))
        except ScopeRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        comparison = together(found, scope=scope)
        pairs = compare(found, scope=scope, weights=weights)
        if prompts:
            pairs = adjusted([each for each in pairs if _is_same_judge(comparison, each)])
        models = _by_model(comparison, pairs) if prompts else {}
        if json:
            shown = comparison_object(comparison, pairs)
            within = {(each.first, each.second): each.p_holm for of in models.values() for each in of}
            for row, pair in zip(shown["pairs"], pairs, strict=True):
                if prompts:
                    row["p_holm_within_judge"] = within[pair.first, pair.second]
            self.stdout.write(json_module.dumps(nulled(shown), ensure_ascii=False, indent=1))
        elif not pairs:
            self.stdout.write("There are no two judges with grades on the same items to compare.")
        else:
            self._print(comparison, pairs)
            for model, of_model in models.items():
                self.stdout.write(_say_prompts(comparison, model, of_model))

    def _print(self, comparison: Together, pairs: list[Difference]) -> None:
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else WIDTH_OF_A_FILE)
        table = Table(
            title="Judges against each other, differences of κ with 95 % intervals", title_justify="left"
        )
        for heading in ("judge", "against"):
            table.add_column(heading, overflow="fold")
        for heading in ("n", "κ", "κ", "difference", "p", "p (Holm)", "only one right", "McNemar p"):
            table.add_column(heading, justify="right", no_wrap=True)
        for each in sorted(pairs, key=lambda each: (each.p_holm != each.p_holm, each.p_holm)):
            strong = each.p_holm < SIGNIFICANT
            table.add_row(
                comparison.judges[each.first].called,
                comparison.judges[each.second].called,
                f"{each.n:,}",
                f"{each.kappa_first:.2f}",
                f"{each.kappa_second:.2f}",
                said(each.difference),
                _p(each.p),
                f"{_p(each.p_holm)}{' *' if strong else ''}",
                f"{each.only_first_right:,} : {each.only_second_right:,}",
                _p(each.p_mcnemar),
            )
        console.print(table)
        console.print("* differs at 5 % with all pairs shown taken together.")
        console.print(f"All judges with each other: Fleiss' κ {said(comparison.fleiss)}.")
        of = comparison.multiplicity
        if of.n:
            console.print(
                f"{len(of.good)} judges are within {EPSILON:g} of the best κ; one of them says something else"
                f" than the best on {of.ambiguity:.0%} of {of.n:,} items, no single one on more than"
                f" {of.discrepancy:.0%}."
            )


def _is_same_judge(comparison: Together, pair: Difference) -> bool:
    first, second = comparison.judges[pair.first], comparison.judges[pair.second]
    return first.name == second.name and first.condition == second.condition


def _by_model(comparison: Together, pairs: list[Difference]) -> dict[str, list[Difference]]:
    """The pairs of each model, adjusted among themselves: for whoever asks about this model alone."""
    models: dict[str, list[Difference]] = {}
    for pair in pairs:
        models.setdefault(comparison.judges[pair.first].name, []).append(pair)
    return {model: adjusted(of_model) for model, of_model in models.items()}


def _say_prompts(comparison: Together, model: str, pairs: list[Difference]) -> str:
    apart = []
    for pair in pairs:
        if pair.p_holm < SIGNIFICANT:
            first, second = (comparison.judges[place].prompt for place in (pair.first, pair.second))
            above, below = (first, second) if pair.difference.value > 0 else (second, first)
            apart.append(f"{above} above {below} (p {pair.p_holm:.4f})")
    return f"{model} alone: {'; '.join(apart) or 'no prompt differs from another'}."


def _p(p: float) -> str:
    return "–" if p != p else f"{p:.4f}"
