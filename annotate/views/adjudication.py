"""Adjudication: what people disagree on, their labels side by side, one key decides."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from annotate.adjudication_form import AdjudicationForm
from annotate.disputes import Place, decided_disputes, open_disputes, place_of
from annotate.forms import CANNOT_JUDGE
from annotate.models import Adjudication, Label, Round
from annotate.services.adjudicating import (
    AdjudicationRefused,
    adjudicate,
    rubric_of,
    rubric_of_pairs,
    undo_adjudication,
)
from corpus.models import Item, Project, Reference, Rubric
from corpus.models.rubric import FIRST_BETTER, RIVAL_BETTER, TIE
from corpus.permissions import Capability, project_view
from corpus.templatetags.show import ramp_step

LETTERS = "abdfghijk"  # keys of grades from ten up


@project_view(Capability.MANAGE)
def adjudication_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Items that people disagree on, the widest disagreement first; ?show=decided those that are settled."""
    round = _round(request, project)
    is_decided = request.GET.get("show") == "decided"
    find = decided_disputes if is_decided else open_disputes
    found = find(project, round=round, after=_place(request))
    labels = _labels(project, [dispute.item for dispute in found.rows], round)
    preference = rubric_of_pairs(project)
    decisions = {
        decided.item_id: decided
        for decided in Adjudication.objects.current()
        .filter(item__in=[dispute.item.pk for dispute in found.rows])
        .select_related("by")
    }
    context = {
        "round": round,
        "rounds": project.rounds.exclude(state=Round.State.DRAFT),
        "is_decided": is_decided,
        "rows": [
            (
                each,
                labels.get(each.item.pk, []),
                decisions.get(each.item.pk),
                preference if each.item.rival_id else project.rubric,
            )
            for each in found.rows
        ],
        "n": found.n,
        "is_first": "after" not in request.GET,
        "next": "-".join(map(str, found.rows[-1].place)) if found.has_more else None,
        "is_elsewhere": round and Round.objects.decided_elsewhere(project).filter(pk=round.pk).exists(),
        "rail": "label",
    }
    return render(request, "annotate/adjudication_list.html", context)


@project_view(Capability.MANAGE)
def adjudication_item(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One item with everybody's labels and rationales; ?round= keeps to one round's disputes."""
    return _show(request, project, _item(project, pk), _round(request, project))


@project_view(Capability.MANAGE)
@require_POST
def adjudication_save(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Keep the decision and go on with the next disputed item."""
    item, round = _item(project, pk), _round(request, project)
    form = AdjudicationForm(request.POST, rubric=rubric_of(item, project))
    if not form.is_valid():
        problem = "; ".join(reason for reasons in form.errors.values() for reason in reasons)
        return _show(request, project, item, round, refusal=problem)
    place = place_of(item, round=round)
    try:
        decided = adjudicate(item, project=project, by=request.user, **form.cleaned_data)
    except AdjudicationRefused as reason:
        return _show(request, project, item, round, refusal=str(reason))
    following = _next(project, round=round, place=place)
    if following is None:
        messages.success(request, "That was the last one: nothing is left to decide.")
        return redirect(_address("annotate:adjudication-list", project, round=round))
    address = _address("annotate:adjudication-item", project, following.pk, round=round, last=decided)
    return redirect(address)


@project_view(Capability.MANAGE)
@require_POST
def adjudication_undo(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Take the item's decision back and show the item again."""
    item, round = _item(project, pk), _round(request, project)
    decided = item.adjudications.current().first()
    if decided is None or not undo_adjudication(decided, project=project):
        messages.info(request, "There was no decision to take back.")
    return redirect(_address("annotate:adjudication-item", project, item.pk, round=round))


def _show(
    request: HttpRequest, project: Project, item: Item, round: Round | None, *, refusal: str = ""
) -> HttpResponse:
    place = place_of(item, round=round)
    following = _next(project, round=round, place=place, without=item)
    rubric = rubric_of(item, project)
    decided = item.adjudications.current().select_related("by").first()
    context = {
        "item": item,
        "round": round,
        "labels": _labels(project, [item], None).get(item.pk, []),
        "decided": decided,
        "reference": Reference.objects.filter(item=item).first(),
        "last": _last(request, project),
        "n_left": open_disputes(project, round=round, limit=1).n,
        "next": following and _address("annotate:adjudication-item", project, following.pk, round=round),
        "grades": _grades(rubric),
        "rubric": rubric,
        "cannot_judge": CANNOT_JUDGE,
        "refusal": refusal,
        "note": request.POST.get("note", decided.note if decided else ""),
        "rail": "label",
    }
    return render(request, "annotate/adjudication_item.html", context, status=409 if refusal else 200)


def _item(project: Project, pk: int) -> Item:
    return get_object_or_404(
        Item.objects.for_project(project).select_related("query", "candidate", "rival"), pk=pk
    )


def _round(request: HttpRequest, project: Project) -> Round | None:
    wanted = request.GET.get("round", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        return None
    return get_object_or_404(project.rounds, pk=int(wanted))


def _place(request: HttpRequest) -> Place | None:
    parts = request.GET.get("after", "").split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return None
    return Place(*map(int, parts))


def _next(project: Project, *, round: Round | None, place: Place, without: Item | None = None) -> Item | None:
    """The open dispute behind this place, or else the first of all."""
    behind = open_disputes(project, round=round, after=place, limit=1).rows
    found = behind or open_disputes(project, round=round, limit=1).rows
    item = found[0].item if found else None
    return None if item == without else item


def _labels(project: Project, items: list[Item], round: Round | None) -> dict[int, list[Label]]:
    """Everybody's current labels by item, the lowest grade first; none on scales that are not decided on."""
    labels = Label.objects.current().without_gold().filter(item__in=[item.pk for item in items])
    if round:
        labels = labels.filter(round=round)
    else:
        labels = labels.exclude(round__in=Round.objects.decided_elsewhere(project))
    by_item: dict[int, list[Label]] = {}
    for label in labels.select_related("rater", "round__rubric").order_by("grade", "rater__name", "id"):
        by_item.setdefault(label.item_id, []).append(label)
    return by_item


def _last(request: HttpRequest, project: Project) -> Adjudication | None:
    """The decision just made, while it can be taken back."""
    wanted = request.GET.get("last", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        return None
    decided = Adjudication.objects.current().for_project(project).select_related("item__candidate")
    return decided.filter(pk=int(wanted), by=request.user).first()


def _grades(rubric: Rubric) -> list[dict]:
    """The rubric's grades, each with its key and its step on the ramp; of a preference A, neither, B."""
    if rubric.compares:
        keys = {FIRST_BETTER: "1", TIE: "0", RIVAL_BETTER: "2"}
        by_value = {grade["value"]: grade for grade in rubric.grades}
        return [
            by_value[value] | {"key": key, "sign": rubric.sign(value), "shows_key": True}
            for value, key in keys.items()
            if value in by_value
        ]
    letters = iter(LETTERS)
    return [
        grade
        | {
            "key": str(grade["value"]) if grade["value"] < 10 else next(letters),
            "sign": rubric.sign(grade["value"]),
            "step": ramp_step(index, len(rubric.grades)),
            "shows_key": grade["value"] > 9,
        }
        for index, grade in enumerate(rubric.grades)
    ]


def _address(
    name: str, project: Project, *args: int, round: Round | None, last: Adjudication | None = None
) -> str:
    query = ({"round": round.pk} if round else {}) | ({"last": last.pk} if last else {})
    return reverse(name, args=[project.slug, *args]) + (f"?{urlencode(query)}" if query else "")
