"""What the views of the labelling screen share: who asks, and the page or its fragment as the answer."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from annotate.desk import Seen, lay_desk, share_done
from annotate.forms import CANNOT_JUDGE, PageForm
from annotate.keys import ACTIONS, keys_for
from annotate.models import Guidelines, Label, Participation, Round
from annotate.services.queue import join_round
from corpus.models import Project

PAGE = "annotate/label_item.html"
UPDATE = "annotate/label_item.html#label-update"


def join(request: HttpRequest, project: Project, pk: int) -> Participation:
    """The participation of the one who asks; 404 for rounds that were never opened, or are for others."""
    rounds = project.rounds.exclude(state=Round.State.DRAFT).taking(request.user)
    rounds = rounds.select_related("rubric", "item_set")
    round = get_object_or_404(rounds, pk=pk)
    round.project = project
    return join_round(round, user=request.user)


def go_on(request: HttpRequest, me: Participation, *, seen: Seen | None = None) -> HttpResponse:
    """The next cards as a fragment, or without JavaScript a redirect to them."""
    if request.htmx:
        return show(request, me, UPDATE, seen=seen)
    if seen and seen.known_grade is not None:
        messages.info(request, str(seen))
    return redirect("annotate:label-item", request.project.slug, me.round_id)


def refuse(request: HttpRequest, me: Participation, reason: str) -> HttpResponse:
    """Say why the answer was not kept, with what was written, so that no text is lost."""
    written = request.POST.get("rationale", "") or request.POST.get("note", "")
    refusal = {"refusal": reason, "refused_text": written}
    return show(request, me, UPDATE if request.htmx else PAGE, status=409, **refusal)


def show(
    request: HttpRequest,
    me: Participation,
    template: str,
    *,
    correcting: Label | None = None,
    seen: Seen | None = None,
    status: int = 200,
    **more: str,
) -> HttpResponse:
    asked = PageForm(request.POST)
    page = asked.cleaned_data["page"] if asked.is_valid() else None
    if template == PAGE:
        page = uuid4()  # a page that is shown anew is another page
    desk = lay_desk(me, correcting=correcting, page=page)
    context = {
        "round": me.round,
        "desk": desk,
        "seen": seen,
        "scales": me.round.rubric.scales,
        "cannot_judge": CANNOT_JUDGE,
        "reasons": Label.Reason.choices,
        "share_done": share_done(me.round, desk.n_all),
        "guidelines": Guidelines.objects.current(request.project),
        "rail": "label",
        **more,
    }
    if template == PAGE:
        context |= {"page": page, "keys": keys_for(request.user, me.round.rubric), "actions": ACTIONS}
    return render(request, template, context, status=status)
