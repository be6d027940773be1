from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode

from corpus.models import Project, Query
from corpus.permissions import Capability, project_view
from judges.models import Judge, Outcome
from reports.agreement import JudgeAgreement, agreement
from reports.ceiling import Ceiling, ceiling
from reports.charts.confusion import Confusion, ConfusionCell, confusion, confusion_figure
from reports.charts.details import (
    bias_figure,
    masses_figure,
    queries_figure,
    reliability_figure,
    roc_figure,
)
from reports.charts.figure import Figure
from reports.charts.files import chart_file, wants_file
from reports.charts.scores import scores_figure
from reports.detail_words import detail_rows, score_tables
from reports.details import Details, details
from reports.forms import ScopeForm
from reports.measure_words import CEILING_WORDS, INTERVAL_WORDS, MEASURE_WORDS, N_WORDS
from reports.scope import Scope
from reports.uses import uses_of
from reports.words import called, say_agreement


@project_view(Capability.REPORT)
def judge_agreement(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One judge under one condition (?condition=): its figures, confusion matrix, failures and scores."""
    judge = get_object_or_404(project.judges.select_related("prompt"), pk=pk)
    form = ScopeForm(request.GET, project=project)
    scope = form.scope
    judges = agreement(project, scope=scope, name=judge.name)
    found = find_judged(judges, judge, request.GET.get("condition"))
    more = found and details(project, found, scope=scope)
    if wants_file(request):
        matrix = found and confusion(found.confusion, values=scope.values)
        figures = _figures(found, more, scope, matrix) if found else []
        return chart_file(request, figures, prefix=f"{project.slug}-{pk}")
    context = {
        "judge": judge,
        "form": form,
        "found": found,
        "relatives": [each for each in judges if each is not found],
        "interval_words": INTERVAL_WORDS,
        "ceiling_words": CEILING_WORDS,
        "n_words": N_WORDS,
        "measures": MEASURE_WORDS,
        "rail": "agreement",
    }
    if found:
        people = ceiling(project, scope=scope)
        matrix = confusion(found.confusion, values=scope.values)
        address = _cell_addresses(request, project, found)
        context |= {
            "people": people,
            "sentences": say_agreement([found], people, n_references=found.agreement.n),
            "estimates": _estimates(found, people),
            "matrix": matrix,
            "addressed": _addressed(matrix, address),
            "figures": _figures(found, more, scope, matrix, address=address),
            "details": more,
            "rows": detail_rows(more, scope=scope),
            "score_tables": score_tables(more),
            "failures": _failures(found),
            "reasons": [(Outcome(outcome).label, reason, n) for outcome, reason, n in more.reasons],
            "uses": uses_of(project, found, more, scope=scope),
        }
    return render(request, "reports/judge_agreement.html", context)


def find_judged(judges: list[JudgeAgreement], judge: Judge, condition: str | None) -> JudgeAgreement | None:
    """The judge under the condition with this id; without one, under the plain or else its first."""
    own = [each for each in judges if each.judge.pk == judge.pk]
    if condition:
        return next((each for each in own if each.condition and str(each.condition.pk) == condition), None)
    return next((each for each in own if each.condition is None), own[0] if own else None)


def _figures(
    found: JudgeAgreement,
    more: Details,
    scope: Scope,
    matrix: Confusion,
    *,
    address: Callable[[ConfusionCell], str] | None = None,
) -> list[Figure]:
    name = called(found)
    figures = [confusion_figure(matrix, title=f"What {name} said where people said what", address=address)]
    if found.distribution:
        title = f"Scores of {name} by people's grade"
        figures.append(scores_figure(found.distribution, values=scope.values, title=title))
    if found.agreement.n_graded:
        bias, queries = f"Is {name} lenient, and where?", f"{name} query by query"
        figures.append(bias_figure(more.bias_by_grade, values=scope.values, title=bias))
        named = dict(
            Query.objects.filter(pk__in=[each.query_id for each in more.queries]).values_list(
                "pk", "external_id"
            )
        )
        figures.append(queries_figure(more.queries, names=named, title=queries))
    if any(more.masses):
        figures.append(masses_figure(more.masses, title=f"Does {name} answer in the labels it is given?"))
    scored = more.scored
    if scored and scored.roc:
        title = f"Relevant items that {name} finds, and what it lets through"
        figures.append(roc_figure(scored.roc, auc=found.agreement.auc, n=scored.n, title=title))
    if scored and (scored.raw or scored.calibrated):
        title = f"Can the scores of {name} be taken for chances?"
        figures.append(reliability_figure(scored.raw, scored.calibrated, n=scored.n, title=title))
    return figures


def _cell_addresses(
    request: HttpRequest, project: Project, found: JudgeAgreement
) -> Callable[[ConfusionCell], str]:
    base = reverse("reports:disagreements", args=[project.slug])
    names = ("cut", "split", "slice")
    kept = {"judge": found.key} | {name: request.GET[name] for name in names if request.GET.get(name)}

    def address(cell: ConfusionCell) -> str:
        return f"{base}?{urlencode(kept | {'reference': cell.reference, 'judged': cell.judged})}"

    return address


def _addressed(matrix: Confusion, address: Callable[[ConfusionCell], str]) -> list[tuple]:
    """The matrix's rows with the address of each cell's items."""
    return [(reference, [(cell, address(cell)) for cell in row], n) for reference, row, n in matrix.rows]


def _estimates(found: JudgeAgreement, people: Ceiling | None) -> list[tuple]:
    """(words, the judge's estimate, over how many verdicts, people's estimate) of each measure."""
    of, among_people = found.agreement, people.agreement if people else None
    return [
        (
            words,
            getattr(of, words.key),
            getattr(of, words.of),
            among_people and getattr(among_people, words.key),
        )
        for words in MEASURE_WORDS
    ]


def _failures(found: JudgeAgreement) -> list[tuple[str, int, float]]:
    """(outcome, verdicts, share of all) of every outcome there is, the commonest first."""
    n = sum(found.outcomes.values())
    ordered = sorted(found.outcomes.items(), key=lambda outcome: -outcome[1])
    return [(Outcome(outcome).label, count, 100 * count / n) for outcome, count in ordered if count]
