from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.forms import AuditFilterForm
from corpus.models import Project
from corpus.paging import page_of_newest
from corpus.permissions import Capability, project_view


@project_view(Capability.MANAGE)
def audit(request: HttpRequest, project: Project) -> HttpResponse:
    """Who did what and when, newest first; ?by= a person, ?verb= a kind of act."""
    form = AuditFilterForm(request.GET, project=project)
    entries = form.filtered(project.audit_entries.select_related("actor"))
    page = page_of_newest(entries, before=request.GET.get("before"))
    context = {"form": form, "page": page, "is_filtered": form.is_filtered, "rail": "team"}
    return render(request, "corpus/audit.html", context)
