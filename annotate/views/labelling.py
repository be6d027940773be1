"""The labelling screen. Every answer gets the next cards as a fragment, or without JavaScript a redirect."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from annotate.desk import Seen
from annotate.forms import FlagForm, LabelForm, SlotForm
from annotate.models import Label, Participation, Slot
from annotate.services.labels import others_labels, reveal_others, save_label, undo_last_decision
from annotate.services.queue import AnswerRefused, put_off_item, return_skipped, skip_item
from annotate.services.waiting import flag_item
from annotate.views.screen import PAGE, go_on, join, refuse, show
from corpus.models import Project
from corpus.permissions import Capability, project_view


@project_view(Capability.LABEL)
def label_item(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The item to grade now; with `?label=` one of the person's own labels, to look at or correct it."""
    me = join(request, project, pk)
    if not me.round.is_open:
        messages.info(request, "This round is not open at the moment.")
        return redirect("annotate:round-list", project.slug)
    correcting = None
    if "label" in request.GET:
        correcting = _own_label(me, request.GET["label"])
        if correcting is None:
            messages.info(request, "This answer has been undone or corrected in the meantime.")
    seen = _what_was_seen(correcting, me) if correcting else None
    return show(request, me, PAGE, correcting=correcting, seen=seen)


@project_view(Capability.LABEL)
@require_POST
def label_save(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    me = join(request, project, pk)
    form = LabelForm(request.POST, rubric=me.round.rubric)
    if not form.is_valid():
        return refuse(request, me, "This is not an answer the round can keep: " + _first_error(form))
    slot = Slot(pk=form.cleaned_data["slot"], round=me.round)
    try:
        label = save_label(slot, by=me, **form.answer)
    except Slot.DoesNotExist as missing:
        raise Http404("The round has no such item.") from missing
    except AnswerRefused as reason:
        return refuse(request, me, str(reason))
    return go_on(request, me, seen=_what_was_seen(label, me))


@project_view(Capability.LABEL)
@require_POST
def label_skip(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _set_aside(request, project, pk, skip_item)


@project_view(Capability.LABEL)
@require_POST
def label_later(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _set_aside(request, project, pk, put_off_item)


@project_view(Capability.LABEL)
@require_POST
def label_flag(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Tell the managers about the item; it stays where it is."""
    me = join(request, project, pk)
    form = FlagForm(request.POST)
    if not form.is_valid():
        return refuse(request, me, "The flag was not kept: " + _first_error(form))
    slot = get_object_or_404(me.round.slots, pk=form.cleaned_data["slot"])
    flag_item(slot, by=me, note=form.cleaned_data["note"])
    if not request.htmx:
        messages.success(request, "The managers will see your note.")
    return go_on(request, me)


@project_view(Capability.LABEL)
@require_POST
def label_undo(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    me = join(request, project, pk)
    form = SlotForm(request.POST)
    if not form.is_valid():
        return refuse(request, me, "There is nothing to undo.")
    try:
        undo_last_decision(me, slot=get_object_or_404(me.round.slots, pk=form.cleaned_data["slot"]))
    except AnswerRefused as reason:
        return refuse(request, me, str(reason))
    return go_on(request, me)


@project_view(Capability.LABEL)
@require_POST
def label_unskip(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Bring everything the person skipped back to them."""
    return_skipped(join(request, project, pk))
    return redirect("annotate:label-item", project.slug, pk)


@project_view(Capability.LABEL)
@require_POST
def label_reveal(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Where the round is not blind: what others said of an item this person has graded."""
    me = join(request, project, pk)
    label = _own_label(me, request.POST.get("label", ""))
    try:
        if label is None:
            raise AnswerRefused("This answer has been undone or corrected in the meantime.")
        reveal_others(label, by=me)
    except AnswerRefused as reason:
        return refuse(request, me, str(reason))
    answer = redirect("annotate:label-item", project.slug, pk)
    answer["Location"] += f"?label={label.pk}"
    return answer


def _set_aside(request: HttpRequest, project: Project, pk: int, set_aside: Callable) -> HttpResponse:
    me = join(request, project, pk)
    form = SlotForm(request.POST)
    if not form.is_valid():
        return refuse(request, me, "Which item is meant? " + _first_error(form))
    set_aside(get_object_or_404(me.round.slots, pk=form.cleaned_data["slot"]), by=me)
    return go_on(request, me)


def _own_label(me: Participation, number: str) -> Label | None:
    labels = me.labels().select_related("item__query", "item__candidate", "item__rival")
    return labels.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None


def _what_was_seen(label: Label, me: Participation) -> Seen | None:
    """What this person may see beside their own answer, once it stands; None otherwise."""
    if label.revealed_at is None or label.superseded_at:
        return None
    label.round = me.round
    others = [] if me.round.blind else others_labels(label)
    known = label.gold_grade if me.round.gold_feedback else None
    return Seen(label, known_grade=known, others=others)


def _first_error(form: SlotForm) -> str:
    return next(iter(form.errors.values()))[0]
