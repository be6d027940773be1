from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.attack_effects import effect_of
from judges.conditions.attacks import ATTACKS, FAMILIES, AttackProblem
from judges.conditions.boundary import BOUNDARY_KINDS, BoundaryProblem
from judges.forms import EffectForm
from judges.workshop import sample_items


@project_view(Capability.REPORT)
def attack_list(request: HttpRequest, project: Project) -> HttpResponse:
    """What attacks and boundary cases there are, and one of them shown on an item: ?change=, ?item=."""
    form = EffectForm(request.GET if "change" in request.GET else None, initial={"change": "query"})
    effect, refusal = None, ""
    if form.is_valid():
        given = form.cleaned_data
        item = given["item"]
        if item is None or not project.has_item(item):
            item = next(iter(sample_items(project, n=1)), None)
        if item is None:
            refusal = "There is no item to show it on: import some first."
        else:
            try:
                effect = effect_of(
                    project,
                    item,
                    change=given["change"],
                    carrier=given["carrier"] or "same",
                    dose=given["dose"] or 0,
                    seed=given["seed"] or 0,
                )
            except (AttackProblem, BoundaryProblem) as problem:
                refusal = f"{str(problem)[:1].upper()}{str(problem)[1:]}."
    families = [
        (family, meaning, [attack for attack in ATTACKS.values() if attack.family == family])
        for family, meaning in FAMILIES.items()
    ]
    context = {
        "form": form,
        "effect": effect,
        "refusal": refusal,
        "families": families,
        "boundary": BOUNDARY_KINDS.items(),
        "rail": "judges",
    }
    return render(request, "judges/attack_list.html", context)
