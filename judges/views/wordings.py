"""The words of conditions: shipped ones, the project's own versions, and what changed between them."""

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.conditions.content import RECIPES
from judges.conditions.wording import (
    KINDS,
    MOST_GAP,
    WORDING_PLACES,
    WordingProblem,
    differences,
    history_of,
    length_gap,
    save_wording,
    shipped_wordings,
    wordings_for,
)
from judges.forms import WordingForm


@project_view(Capability.REPORT)
def wording_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Every wording that conditions of this project are made of now, by kind."""
    wordings = wordings_for(project)
    kinds = list(KINDS)
    gap = length_gap(wordings)
    context = {
        "wordings": sorted(wordings.values(), key=lambda each: (kinds.index(each.kind), each.name)),
        "recipes": [(code, recipe, recipe.wordings) for code, recipe in RECIPES.items()],
        "gap": 100 * gap if gap > MOST_GAP else None,
        "rail": _rail(request),
    }
    return render(request, "judges/wording_list.html", context)


@project_view(Capability.REPORT)
def wording_detail(request: HttpRequest, project: Project, wording: str) -> HttpResponse:
    """One version word for word (?version=, else the newest), what changed in it, and who used it."""
    versions = _history(project, wording)
    shown, row = _version(versions, request.GET.get("version")) or versions[0]
    against = _version(versions, request.GET.get("against"))
    if against is None or against[0] == shown:
        against = next((each for each in versions if each[0].version < shown.version), None)
    pair = sorted((against[0], shown), key=lambda each: each.version) if against else None
    context = {
        "wording": shown,
        "row": row,
        "versions": versions,
        "older": pair[0] if pair else None,
        "newer": pair[1] if pair else None,
        "differences": differences(*pair) if pair else [],
        "meaning": KINDS[shown.kind],
        "conditions": _conditions_with(project, shown.name, shown.text),
        "rail": _rail(request),
    }
    return render(request, "judges/wording_detail.html", context)


@project_view(Capability.MANAGE)
def wording_edit(request: HttpRequest, project: Project, wording: str) -> HttpResponse:
    """The newest version in a form; posted, it becomes the next one."""
    current, _row = _history(project, wording)[0]
    form = WordingForm(request.POST or None, initial={"text": current.text})
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_wording(project, wording, form.cleaned_data["text"], by=request.user)
        except WordingProblem as problem:
            form.add_error("text", f"{str(problem)[:1].upper()}{str(problem)[1:]}.")
        else:
            if saved == current:
                messages.info(request, "Nothing was changed, so no version was made.")
            else:
                messages.success(request, f"“{saved.name}” is saved as version {saved.version}.")
            return redirect("judges:wording-detail", project.slug, wording)
    context = {
        "form": form,
        "wording": current,
        "meaning": KINDS[current.kind],
        "places": [f"{{{{{place}}}}}" for place in WORDING_PLACES],
        "rail": _rail(request),
    }
    return render(request, "judges/wording_edit.html", context)


def _history(project: Project, name: str):
    if name not in shipped_wordings():
        raise Http404("No such wording.")
    return history_of(project, name)


def _version(versions, asked: str | None):
    return next((each for each in versions if str(each[0].version) == asked), None)


def _conditions_with(project: Project, name: str, text: str) -> list:
    """The project's conditions that hold this text, with how many runs each had."""
    holding = project.conditions.filter(content__parts__contains=[{"name": name, "text": text}])
    return list(holding.annotate(n_runs=Count("runs")).order_by("name", "-version"))


def _rail(request: HttpRequest) -> str:
    return "settings" if "own" in request.capabilities else "judges"
