"""The labelling page's sign of life, and its last word."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.http import require_POST

from annotate.forms import HeldForm
from annotate.services.queue import keep_items, release_items
from annotate.views.screen import join
from corpus.models import Project
from corpus.permissions import Capability, project_view


@project_view(Capability.LABEL)
@require_POST
def label_keep(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The page is open: keep what it holds; the answer names what is still its own."""
    form = HeldForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("Which items?")
    held = keep_items(join(request, project, pk), form.cleaned_data["slots"], page=form.cleaned_data["page"])
    return JsonResponse({"held": held})


@project_view(Capability.LABEL)
@require_POST
def label_release(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The page was left: others may have what it held."""
    form = HeldForm(request.POST)
    if not form.is_valid() or form.cleaned_data["page"] is None:
        return HttpResponseBadRequest("Which items?")
    release_items(join(request, project, pk), form.cleaned_data["slots"], page=form.cleaned_data["page"])
    return HttpResponse(status=204)
