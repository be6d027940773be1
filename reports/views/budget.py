from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from corpus.models import Project
from corpus.permissions import Capability, project_view
from reports.budget_words import say_budget
from reports.budgeting import N_NEXT, TARGET, budget_of, items_next
from reports.charts.budget import budget_figure
from reports.charts.files import chart_file, wants_file
from reports.forms import ScopeForm
from reports.picking import choices, pick
from reports.to_round import MOST_SENT, send_to_round
from reports.words import called


class BudgetForm(forms.Form):
    """What is aimed at; the usual where nothing sensible was asked for."""

    target = forms.FloatField(label="κ known to ±", min_value=0.005, max_value=0.5, initial=TARGET)
    n = forms.IntegerField(label="Labels next", min_value=1, max_value=MOST_SENT, initial=N_NEXT)

    def __init__(self, data) -> None:
        initial = {"target": TARGET, "n": N_NEXT}
        super().__init__(initial | {name: data[name] for name in initial if data.get(name)})
        self.is_valid()
        self.chosen = initial | self.cleaned_data


@project_view(Capability.REPORT)
def label_budget(request: HttpRequest, project: Project) -> HttpResponse:
    """How few labels are enough with one judge (?judge=): κ to within ?target=, the next ?n= items."""
    form, aims = ScopeForm(request.GET, project=project), BudgetForm(request.GET)
    scope = form.scope._replace(slice=None)  # slices are parts of what people graded, the budget is about all
    judges = [each for each in choices(project, scope=scope) if each.n_graded]
    found = pick(judges, request.GET.get("judge", ""))
    context = {"form": form, "aims": aims, "judges": judges, "found": found}
    context |= {"rail": "agreement", "tab": "label-budget"}
    if found is None:
        return render(request, "reports/label_budget.html", context)
    budget = budget_of(
        project, found.judged, scope=scope, target=aims.chosen["target"], n_next=aims.chosen["n"]
    )
    figures = [budget_figure(budget, name=called(found))] if budget.curve else []
    if wants_file(request):
        return chart_file(request, figures, prefix=f"{project.slug}-budget-{found.judged.judge.pk}")
    context |= {
        "budget": budget,
        "figures": figures,
        "sentences": say_budget(called(found), budget),
        "rubric": form.rubric,
        "n_next": sum(each.n_next for each in budget.strata),
        "powered": [
            (f"Share with grade {scope.cut} or more", budget.relevant),
            ("Mean grade", budget.mean),
        ],
    }
    return render(request, "reports/label_budget.html", context)


@project_view(Capability.MANAGE)
@require_POST
def label_budget_round(request: HttpRequest, project: Project) -> HttpResponse:
    """Put the items to label next into a new round."""
    form, aims = ScopeForm(request.POST, project=project), BudgetForm(request.POST)
    scope = form.scope._replace(slice=None)
    found = pick(choices(project, scope=scope), request.POST.get("judge", ""))
    if found is None:
        raise Http404("No such judge.")
    items = items_next(project, found.judged, scope=scope, n_next=aims.chosen["n"])
    if not items:
        messages.error(request, "People have graded every item that this judge graded: none is left.")
        return redirect(reverse("reports:label-budget", args=[project.slug]))
    facts = {"rule": "label budget", "judge": found.judged.judge.pk, "n": aims.chosen["n"]}
    round = send_to_round(project, items, name=f"Next for {found.name}", made_from=facts, by=request.user)
    messages.success(
        request, f"“{round}” is a draft with {len(items):,} items. Open it when people may begin."
    )
    return redirect(round)
