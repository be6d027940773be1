from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.charts.comparison import comparison_figure
from reports.charts.files import chart_file, wants_file
from reports.comparing import WEIGHTS, compare, together
from reports.comparison_words import say_differences, say_together
from reports.forms import ScopeForm
from reports.standing import SIGNIFICANT


@project_view(Capability.REPORT)
def comparison(request: HttpRequest, project: Project) -> HttpResponse:
    """Judges against each other: a matrix of all, and one of them (?judge=, ?weights=) beside the rest."""
    form = ScopeForm(request.GET, project=project)
    scope = form.scope
    found = together(project, scope=scope)
    figures = [comparison_figure(found)] if len(found.judges) > 1 else []
    if wants_file(request):
        return chart_file(request, figures, prefix=f"{project.slug}-judges")
    chosen = found.place(request.GET.get("judge", ""))
    place = found.best if chosen is None else chosen
    weights = request.GET.get("weights", "")
    weights = weights if weights in WEIGHTS else WEIGHTS[0]
    context = {"form": form, "found": found, "figures": figures, "rail": "agreement", "tab": "comparison"}
    if figures and place is not None:
        differences = compare(project, scope=scope, weights=weights, against=place)
        context |= {
            "chosen": found.judges[place],
            "weights": weights,
            "all_weights": WEIGHTS,
            "sentences": say_together(found),
            "sentence": say_differences(found.judges[place].called, differences),
            "rows": [
                (found.judges[each.second], each, each.p_holm < SIGNIFICANT)
                for each in sorted(differences, key=lambda each: -each.kappa_second)
            ],
        }
    return render(request, "reports/comparison.html", context)
