from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annotate.forms import RoundForm
from annotate.models import Round
from annotate.services import rounds
from corpus.models import Project
from corpus.permissions import Capability, project_view
from corpus.services import freeze_all_items


@project_view(Capability.LABEL)
def round_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The rounds with their progress; those who only label see the open ones."""
    found = project.rounds.visible_to(request.capabilities).with_progress()
    mine = dict(
        project.rounds.filter(participations__rater__user=request.user).values_list(
            "pk", "participations__n_labels"
        )
    )
    shown = [(round, mine.get(round.pk, 0)) for round in found]
    return render(request, "annotate/round_list.html", {"rounds": shown, "rail": "label"})


@project_view(Capability.MANAGE)
def round_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = RoundForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        round = rounds.create_round(
            project,
            name=form.cleaned_data["name"],
            item_set=form.cleaned_data["item_set"] or freeze_all_items(project),
            overlap=form.cleaned_data["overlap"],
            by=request.user,
        )
        messages.success(request, f"“{round}” is a draft. Open it when people may begin.")
        return redirect(round)
    return render(request, "annotate/round_create.html", {"form": form, "rail": "label"})


@project_view(Capability.LABEL)
def round_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    round = get_object_or_404(
        project.rounds.visible_to(request.capabilities).with_progress().select_related("rubric"), pk=pk
    )
    context = {"round": round, "rail": "label"}
    if "report" in request.capabilities:
        context["people"] = round.participations.select_related("rater").order_by("-n_labels", "rater__name")
    return render(request, "annotate/round_detail.html", context)


@project_view(Capability.MANAGE)
@require_POST
def round_open(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _change(request, project, pk, lambda round: rounds.open_round(round, by=request.user))


@project_view(Capability.MANAGE)
@require_POST
def round_pause(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _change(request, project, pk, rounds.pause_round)


@project_view(Capability.MANAGE)
@require_POST
def round_resume(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _change(request, project, pk, rounds.resume_round)


@project_view(Capability.MANAGE)
@require_POST
def round_close(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _change(request, project, pk, rounds.close_round)


def _change(
    request: HttpRequest, project: Project, pk: int, change: Callable[[Round], Round]
) -> HttpResponse:
    round = get_object_or_404(project.rounds, pk=pk)
    try:
        round = change(round)
    except rounds.RoundRefused as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, f"“{round}” is {round.get_state_display().lower()}.")
    return redirect("annotate:round-detail", project.slug, pk)
