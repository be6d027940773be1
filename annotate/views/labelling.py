"""The labelling screen. Every answer gets the next cards as a fragment, or without JavaScript a redirect."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annotate.desk import grade_buttons, lay_desk, share_done
from annotate.forms import CANNOT_JUDGE, LabelForm, SlotForm
from annotate.models import Label, Participation, Round
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.queue import AnswerRefused, join_round, return_skipped, skip_item
from corpus.models import Project
from corpus.permissions import Capability, project_view


@project_view(Capability.LABEL)
def label_item(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The item to grade now; with `?label=` one of the person's own labels, to correct it."""
    me = _join(request, project, pk)
    if not me.round.is_open:
        messages.info(request, "This round is not open at the moment.")
        return redirect("annotate:round-list", project.slug)
    correcting = None
    if "label" in request.GET:
        correcting = _own_label(me, request.GET["label"])
        if correcting is None:
            messages.info(request, "This answer has been undone or corrected in the meantime.")
    return _show(request, me, "annotate/label_item.html", correcting=correcting)


@project_view(Capability.LABEL)
@require_POST
def label_save(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    me = _join(request, project, pk)
    form = LabelForm(request.POST, rubric=me.round.rubric)
    if not form.is_valid():
        return _refuse(request, me, "This is not an answer the round can keep: " + _first_error(form))
    answer = form.cleaned_data
    slot = get_object_or_404(me.round.slots, pk=answer.pop("slot"))
    try:
        save_label(slot, by=me, **answer)
    except AnswerRefused as reason:
        return _refuse(request, me, str(reason))
    return _go_on(request, me)


@project_view(Capability.LABEL)
@require_POST
def label_skip(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    me = _join(request, project, pk)
    form = SlotForm(request.POST)
    if not form.is_valid():
        return _refuse(request, me, "Which item should be skipped? " + _first_error(form))
    skip_item(get_object_or_404(me.round.slots, pk=form.cleaned_data["slot"]), by=me)
    return _go_on(request, me)


@project_view(Capability.LABEL)
@require_POST
def label_undo(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    me = _join(request, project, pk)
    form = SlotForm(request.POST)
    if not form.is_valid():
        return _refuse(request, me, "There is nothing to undo.")
    try:
        undo_last_decision(me, slot=get_object_or_404(me.round.slots, pk=form.cleaned_data["slot"]))
    except AnswerRefused as reason:
        return _refuse(request, me, str(reason))
    return _go_on(request, me)


@project_view(Capability.LABEL)
@require_POST
def label_unskip(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Bring everything the person skipped back to them."""
    return_skipped(_join(request, project, pk))
    return redirect("annotate:label-item", project.slug, pk)


def _join(request: HttpRequest, project: Project, pk: int) -> Participation:
    rounds = project.rounds.exclude(state=Round.State.DRAFT).select_related("rubric", "item_set")
    round = get_object_or_404(rounds, pk=pk)
    round.project = project
    return join_round(round, user=request.user)


def _own_label(me: Participation, number: str) -> Label | None:
    labels = me.labels().select_related("item__query", "item__candidate")
    return labels.filter(pk=int(number)).first() if number.isdecimal() else None


def _go_on(request: HttpRequest, me: Participation) -> HttpResponse:
    if request.htmx:
        return _show(request, me, "annotate/label_item.html#label-update")
    return redirect("annotate:label-item", request.project.slug, me.round_id)


def _refuse(request: HttpRequest, me: Participation, reason: str) -> HttpResponse:
    """Say why the answer was not kept, with what was written, so that no text is lost."""
    template = "annotate/label_item.html#label-update" if request.htmx else "annotate/label_item.html"
    refusal = {"refusal": reason, "refused_text": request.POST.get("rationale", "")}
    return _show(request, me, template, status=409, **refusal)


def _show(
    request: HttpRequest,
    me: Participation,
    template: str,
    *,
    correcting: Label | None = None,
    status: int = 200,
    **more: str,
) -> HttpResponse:
    desk = lay_desk(me, correcting=correcting)
    context = {
        "round": me.round,
        "desk": desk,
        "grades": grade_buttons(me.round.rubric),
        "cannot_judge": CANNOT_JUDGE,
        "share_done": share_done(me.round, desk.n_all),
        "rail": "label",
        **more,
    }
    return render(request, template, context, status=status)


def _first_error(form: SlotForm) -> str:
    return next(iter(form.errors.values()))[0]
