from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project, Reference
from corpus.permissions import Capability, project_view
from reports.agreement import agreement as agreement_of
from reports.ceiling import ceiling
from reports.drawing import drawn_rounds
from reports.forms import ScopeForm
from reports.measure_words import CEILING_WORDS, INTERVAL_WORDS, MEASURE_WORDS, N_WORDS
from reports.scoreboard import scoreboard
from reports.words import say_agreement


@project_view(Capability.REPORT)
def agreement(request: HttpRequest, project: Project) -> HttpResponse:
    """The scoreboard: every judge beside people, sorted by ?sort=, at the cut ?cut=."""
    form = ScopeForm(request.GET, project=project)
    scope = form.scope
    judges, people = agreement_of(project, scope=scope), ceiling(project, scope=scope)
    has_references = Reference.objects.filter(query__project=project).exists()
    context = {
        "form": form,
        "board": scoreboard(judges, people, sort=request.GET.get("sort", "")),
        "people": people,
        "sentences": say_agreement(judges, people, n_references=int(has_references)) if judges else [],
        "drawn": drawn_rounds(project),
        "has_references": has_references,
        "measures": MEASURE_WORDS,
        "interval_words": INTERVAL_WORDS,
        "ceiling_words": CEILING_WORDS,
        "n_words": N_WORDS,
        "rail": "agreement",
        "tab": "agreement",
    }
    return render(request, "reports/agreement.html", context)
