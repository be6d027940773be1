from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from corpus.models import Project
from corpus.permissions import Capability, project_view


@project_view(Capability.VIEW)
def overview(request: HttpRequest, project: Project) -> HttpResponse:
    return redirect("corpus:item-list", project.slug)
