from collections.abc import Callable

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from annotate.forms import RoundForm, RoundPeopleForm, SettleForm
from annotate.models import Round
from annotate.models.round import new_seed
from annotate.services import rounds
from annotate.services.opening import openings, start_opening
from annotate.services.relieving import choose_people
from annotate.services.waiting import OutOfRound, give_back, take_out, taken_out, waiting_items
from corpus.models import ItemSet, Project
from corpus.pairs import NoPairs, draw_pairs
from corpus.permissions import Capability, project_view
from corpus.services import freeze_all_items


@project_view(Capability.LABEL)
def round_list(request: HttpRequest, project: Project) -> HttpResponse:
    """The rounds with their progress; those who only label see the open ones."""
    found = project.rounds.visible_to(request.capabilities, request.user)
    found = found.with_progress().with_place_for(request.user)
    mine = dict(
        project.rounds.filter(participations__rater__user=request.user).values_list(
            "pk", F("participations__n_labels") + F("participations__n_gold")
        )
    )
    shown = [(round, mine.get(round.pk, 0)) for round in found]
    return render(request, "annotate/round_list.html", {"rounds": shown, "rail": "label"})


@project_view(Capability.MANAGE)
def round_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = RoundForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid() and (item_set := _item_set(project, form)):
        round = rounds.create_round(
            project,
            name=form.cleaned_data["name"],
            item_set=item_set,
            rubric=form.cleaned_data["rubric"],
            people=form.cleaned_data["people"],
            overlap=form.cleaned_data["overlap"],
            order=form.cleaned_data["order"],
            blind=form.cleaned_data["blind"],
            gold=form.cleaned_data["gold"],
            gold_share=(form.cleaned_data["gold_percent"] or 10) / 100,
            gold_feedback=form.cleaned_data["gold_feedback"],
            by=request.user,
        )
        messages.success(request, f"“{round}” is a draft. Open it when people may begin.")
        return redirect(round)
    return render(request, "annotate/round_create.html", {"form": form, "rail": "label"})


def _item_set(project: Project, form: RoundForm) -> ItemSet | None:
    """What the round is about; for a preference pairs are drawn. Without, None and the reason in the form."""
    chosen = form.cleaned_data["item_set"] or freeze_all_items(project)
    if chosen.of_pairs or not form.cleaned_data["rubric"].compares:
        return chosen
    try:
        return draw_pairs(chosen, per_query=form.cleaned_data["pairs_per_query"] or 10, seed=new_seed())
    except NoPairs as reason:
        form.add_error("item_set", str(reason))
        return None


@project_view(Capability.LABEL)
def round_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    round = get_object_or_404(
        project.rounds.visible_to(request.capabilities, request.user)
        .with_progress()
        .with_place_for(request.user)
        .select_related("rubric"),
        pk=pk,
    )
    context = {"round": round, "rail": "label"}
    if "report" in request.capabilities:
        context["people"] = round.participations.select_related("rater").order_by("-n_labels", "rater__name")
        context["n_gold"] = round.gold_items.count()
        context["named"] = list(round.people.order_by("username"))
    if "manage" in request.capabilities:
        context["people_form"] = RoundPeopleForm(project=project, initial={"people": context["named"]})
        context["opening"] = opening = openings(round).order_by("-id").first()
        if request.htmx and opening and opening.is_ended:
            return HttpResponseClientRefresh()  # the round's state and buttons change with it
        if round.state != Round.State.DRAFT:
            context |= {"waiting": waiting_items(round), "taken_out": taken_out(round)}
    return render(request, "annotate/round_detail.html", context)


@project_view(Capability.MANAGE)
@require_POST
def round_open(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    round = get_object_or_404(project.rounds.select_related("item_set"), pk=pk)
    try:
        job = start_opening(round, by=request.user)
    except rounds.RoundRefused as reason:
        messages.error(request, str(reason))
    else:
        opened = f"“{round}” is being opened." if job else f"“{round}” is open."
        messages.success(request, opened)
    return redirect(round)


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


@project_view(Capability.MANAGE)
@require_POST
def round_people(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Choose who labels in the round; what the others hold goes to the queue."""
    round = get_object_or_404(project.rounds, pk=pk)
    form = RoundPeopleForm(request.POST, project=project)
    if not form.is_valid():
        messages.error(request, "Choose among the members who may label.")
        return redirect(round)
    n_released = choose_people(round, form.cleaned_data["people"])
    told = f" {n_released:,} held items went back to the queue." if n_released else ""
    messages.success(request, f"Who labels in “{round}” is saved.{told}")
    return redirect(round)


@project_view(Capability.MANAGE)
@require_POST
def slot_settle(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """What a manager decides about an item that waits for them, or that was taken out."""
    round = get_object_or_404(project.rounds.exclude(state=Round.State.DRAFT), pk=pk)
    form = SettleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This is not something that can be done with an item.")
        return redirect("annotate:round-detail", project.slug, pk)
    slot = get_object_or_404(round.slots.select_related("item__candidate"), pk=form.cleaned_data["slot"])
    name, fate = slot.item.candidate.external_id, form.cleaned_data["fate"]
    try:
        if fate == SettleForm.GIVE_BACK:
            give_back(slot, by=request.user)
        else:
            take_out(slot, fate=fate, by=request.user)
    except OutOfRound as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, f"{name}: {SettleForm.DONE[fate]}.")
    return redirect("annotate:round-detail", project.slug, pk)


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
