from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project, Reference
from corpus.permissions import Capability, project_view
from corpus.variants import is_plain
from reports.agreement import agreement as agreement_of
from reports.ceiling import ceiling
from reports.drawing import drawn_rounds
from reports.forms import MeasuresForm, ScopeForm
from reports.groups import MAIN, people_measures, with_measures, words_of_group
from reports.measure_words import CEILING_WORDS, INTERVAL_WORDS, KAPPA, N_WORDS
from reports.scoreboard import scoreboard
from reports.standing import alike_with_best
from reports.words import say_agreement


@project_view(Capability.REPORT)
def agreement(request: HttpRequest, project: Project) -> HttpResponse:
    """The scoreboard: judges beside people, sorted by ?sort=, at the cut ?cut=, on the slice ?slice=.

    ?show= is a group of measures, ?ungraded=wrong counts what abstained or failed as wrong.
    """
    form, measures_form = ScopeForm(request.GET, project=project), MeasuresForm(request.GET)
    scope = form.scope
    group, counting = measures_form.chosen
    judges, people = agreement_of(project, scope=scope), ceiling(project, scope=scope)
    alike = alike_with_best(project, judges, scope=scope)
    people_more = {}
    if group != MAIN:
        judges = with_measures(project, judges, scope=scope, group=group, counting=counting)
        people_more = people_measures(project, scope=scope, group=group) if people else {}
    words = words_of_group(group, scope=scope)
    has_references = Reference.objects.filter(is_plain(), query__project=project).exists()
    context = {
        "form": form,
        "measures_form": measures_form,
        "board": scoreboard(judges, people, sort=request.GET.get("sort", ""), measures=words, alike=alike),
        "people_more": people_more,
        "people": people,
        "sentences": say_agreement(judges, people, n_references=int(has_references), n_alike=len(alike))
        if judges
        else [],
        "drawn": drawn_rounds(project),
        "has_references": has_references,
        "measures": [KAPPA, *words],
        "interval_words": INTERVAL_WORDS,
        "ceiling_words": CEILING_WORDS,
        "n_words": N_WORDS,
        "rail": "agreement",
        "tab": "agreement",
    }
    return render(request, "reports/agreement.html", context)
