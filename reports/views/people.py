from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from annotate.models import Round
from corpus.models import Project, Rubric
from corpus.permissions import Capability, project_view
from reports.charts.files import chart_file, wants_file
from reports.charts.pairwise import pair_matrix, pairwise_figure
from reports.drawing import drawn_rounds
from reports.people import people_agreement
from reports.people_counts import MOST_PAIRED
from reports.people_figures import RaterAgreement
from reports.people_words import MEASURES, RULE, STANDARD_OF_GOLD, STANDARD_OF_OTHERS, say_people
from reports.reliability import reliability
from reports.scope import scope_of


@project_view(Capability.REPORT)
def people(request: HttpRequest, project: Project) -> HttpResponse:
    """How far people agree with each other now, in the whole project or in one round (?round=)."""
    round = _round(request, project)
    rubric = round.rubric if round else project.rubric
    criterion = _criterion(request, rubric)
    found = people_agreement(project, scope=scope_of(project), round=round, criterion=criterion)
    names = dict(project.raters.values_list("pk", "name"))
    matrix = pair_matrix(found.pairs, names=names)
    figures = [pairwise_figure(matrix)] if len(matrix) > 1 else []
    if wants_file(request):
        return chart_file(request, figures, prefix=f"{project.slug}-people")
    context = {
        "round": round,
        "rounds": project.rounds.exclude(state=Round.State.DRAFT),
        "people": found,
        "drawn": drawn_rounds(project, round=round),
        "sentences": say_people(found, names=names),
        "raters": [(names[each.rater], each, _shares(each)) for each in found.raters],
        "matrix": matrix,
        "figures": figures,
        "is_cut": len(found.raters) > MOST_PAIRED,
        "most_paired": MOST_PAIRED,
        "standard_words": STANDARD_OF_GOLD if found.has_gold else STANDARD_OF_OTHERS,
        "rule_words": RULE,
        "measures": MEASURES,
        "reliability": None if (round and not rubric.is_main) or criterion else reliability(project),
        "rubric": rubric if rubric.compares else rubric.scales[criterion],
        "compares": rubric.compares,
        "criteria": rubric.scales if rubric.criteria else [],
        "criterion": criterion,
        "rail": "people",
    }
    return render(request, "reports/people.html", context)


def _round(request: HttpRequest, project: Project) -> Round | None:
    wanted = request.GET.get("round", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        return None
    return get_object_or_404(project.rounds.select_related("rubric"), pk=int(wanted))


def _criterion(request: HttpRequest, rubric: Rubric) -> int:
    """The place of the scale asked for among the rubric's; the first where there is no such one."""
    wanted = request.GET.get("criterion", "")
    place = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 3 else 0
    return place if place < len(rubric.scales) else 0


def _shares(rater: RaterAgreement) -> list[float]:
    """Percent of each grade among the rater's grades; empty without any."""
    n = sum(rater.work.grades)
    return [100 * grade / n for grade in rater.work.grades] if n else []
