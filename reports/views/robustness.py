from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.models import Experiment
from reports.charts.defences import defence_figure, position_figure
from reports.charts.figure import Figure
from reports.charts.files import chart_file, wants_file
from reports.charts.robustness import dose_figure, forest_figure, matrix_figure
from reports.forms import RobustnessForm
from reports.robustness.attacks import Attack, JudgeRobustness, Robustness
from reports.robustness.families import FAMILIES
from reports.robustness.items import SHOWN, find_cell, show_items
from reports.robustness.report import robustness as robustness_of
from reports.robustness.table import AttackTable, attack_table, usual_figure
from reports.robustness.words import (
    BY_KEY,
    FIGURES,
    INTERVAL_WORDS,
    WORST_WORDS,
    FigureWords,
    attack_words,
    say_all,
    say_judge,
)
from reports.scope import Scope
from reports.standing import SIGNIFICANT

PAGE_SIZE = 20
MOST_BATTERIES = 10  # newest plans that the page links to
N_SAID = 5  # judges that are spoken of before the rest is folded
KEPT = ("cut", "experiment")


@project_view(Capability.REPORT)
def robustness(request: HttpRequest, project: Project) -> HttpResponse:
    """Every judge under every attack by ?figure=, at the cut ?cut=; one judge (?judge=) attack by attack.

    ?carrier= keeps to one carrier, ?experiment= to the runs of one experiment.
    """
    form = RobustnessForm(request.GET, project=project)
    report, carrier = _report(project, form, request.GET.get("carrier", ""))
    batteries = project.experiments.filter(kind=Experiment.Kind.ROBUSTNESS)[:MOST_BATTERIES]
    context = {
        "form": form,
        "report": report,
        "carrier": carrier,
        "experiments": batteries,
        "rail": "robustness",
    }
    figure = BY_KEY.get(form.chosen["figure"]) or usual_figure(report.judges)
    table = attack_table(report.judges, figure)
    judges = [row.judge for row in table.rows] or report.judges
    found = next((each for each in judges if each.key == request.GET.get("judge")), None)
    found = found or (judges[0] if judges else None)
    figures = _figures(report, table, found, form, address=_cell_addresses(request, project))
    if wants_file(request):
        return chart_file(request, list(figures.values()), prefix=f"{project.slug}-robustness")
    if found:
        said = [say_judge(each) for each in judges]
        context |= {
            "figure": figure,
            "figure_name": _named(figure, form.scope),
            "all_figures": [(each, _named(each, form.scope)) for each in FIGURES],
            "table": table,
            "matrix": _addressed(table, _cell_addresses(request, project)),
            "judges": judges,
            "found": found,
            "doses": _by_family(found, _cell_addresses(request, project)),
            "figures": figures,
            "sentence": say_all(judges),
            "sentences": said[:N_SAID],
            "more_sentences": said[N_SAID:],
            "interval_words": INTERVAL_WORDS,
            "worst_words": WORST_WORDS,
            "significant": SIGNIFICANT,
        }
    return render(request, "reports/robustness.html", context)


@project_view(Capability.REPORT)
def robustness_items(request: HttpRequest, project: Project) -> HttpResponse:
    """The items of one cell (?judge=, ?carrier=, ?attack=, ?words=), 20 a page from the item ?after=."""
    form, asked = RobustnessForm(request.GET, project=project), request.GET
    show = asked.get("show", "") if asked.get("show") in SHOWN else "all"
    names = ("judge", "carrier", "attack")
    cell = find_cell(
        project,
        **{name: asked.get(name, "") for name in names},
        words=_number(asked.get("words")),
        scope=form.scope,
        experiment=form.chosen["experiment"] or None,
        show=show,
    )
    kept = {name: asked[name] for name in (*KEPT, "judge", "figure") if asked.get(name)}
    back = f"{reverse('reports:robustness', args=[project.slug])}?{urlencode(kept)}"
    if cell is None:
        context = {"back": back, "attack": "No such attack", "rail": "robustness"}
        return render(request, "reports/robustness_items.html", context)
    after = _number(asked.get("after")) or 0
    left = cell.items[cell.items > after]
    keys = left[:PAGE_SIZE].tolist()
    context = {
        "rubric": form.rubric,
        "cell": cell,
        "words": _number(asked.get("words")),
        "attack": attack_words(asked["attack"], asked["carrier"]),
        "show": show,
        "all_shown": SHOWN,
        "n": len(cell.items),
        "rows": show_items(cell, keys),
        "next": keys[-1] if len(left) > PAGE_SIZE else None,
        "is_first": not after,
        "back": back,
        "rail": "robustness",
    }
    return render(request, "reports/robustness_items.html", context)


def _report(project: Project, form: RobustnessForm, wanted: str) -> tuple[Robustness, str]:
    """The report, and the carrier it keeps to: none where the one asked for does not exist."""
    chosen = {"scope": form.scope, "experiment": form.chosen["experiment"] or None}
    whole = robustness_of(project, **chosen)
    if wanted in whole.carriers:
        return robustness_of(project, **chosen, carrier=wanted), wanted
    return whole, ""


def _figures(
    report: Robustness,
    table: AttackTable,
    found: JudgeRobustness | None,
    form: RobustnessForm,
    *,
    address: Callable[[JudgeRobustness, Attack], str],
) -> dict[str, Figure]:
    """The page's charts by name."""
    name, made = _named(table.figure, form.scope), []
    if table.rows and found:
        grades = form.scope.values
        scale = 1.0 if table.figure.is_share else float(grades[-1] - grades[0])
        made = [
            matrix_figure(table, name=name, scale=scale, address=address),
            forest_figure(found, table.figure, name=name),
            dose_figure(found, table.figure, name=name),
        ]
    made += [defence_figure(report.defences)] if report.defences else []
    made += [position_figure(report.positions)] if report.positions else []
    return {figure.name: figure for figure in made if figure}


def _cell_addresses(request: HttpRequest, project: Project) -> Callable[[JudgeRobustness, Attack], str]:
    base = reverse("reports:robustness-items", args=[project.slug])
    kept = {name: request.GET[name] for name in (*KEPT, "figure") if request.GET.get(name)}

    def address(judge: JudgeRobustness, attack: Attack) -> str:
        parts = {"judge": judge.key, "carrier": attack.carrier, "attack": attack.attack}
        if attack.words is not None:
            parts["words"] = str(attack.words)
        return f"{base}?{urlencode(parts | kept)}"

    return address


def _addressed(table: AttackTable, address: Callable[[JudgeRobustness, Attack], str]) -> list[tuple]:
    """(row, its cells with estimate, address and n, the worst one's address) of the table."""
    key = table.figure.key
    return [
        (
            row,
            [
                (getattr(cell.figures, key), address(row.judge, cell), getattr(cell.figures, table.figure.n))
                if cell
                else None
                for cell in row.cells
            ],
            address(row.judge, row.worst) if row.worst else "",
        )
        for row in table.rows
    ]


def _by_family(
    found: JudgeRobustness, address: Callable[[JudgeRobustness, Attack], str]
) -> list[tuple[str, list[tuple[Attack, str]]]]:
    """(family, its attacks in every dose with their addresses)."""
    families: dict[str, list] = {family: [] for family in ("", *FAMILIES)}
    for each in found.doses:
        families[each.family].append((each, address(found, each)))
    return [(FAMILIES.get(family, "Clean controls"), rows) for family, rows in families.items() if rows]


def _named(figure: FigureWords, scope: Scope) -> str:
    return figure.name.format(cut=scope.cut)


def _number(text: str | None) -> int | None:
    """A whole number from an address; None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
