from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project
from corpus.permissions import Capability, project_view, roles_to_give
from reports.team import team_rows


@project_view(Capability.MANAGE)
def team(request: HttpRequest, project: Project) -> HttpResponse:
    """Who belongs to the project, how much they have labelled, and which invitations are open."""
    roles = roles_to_give(request.capabilities)
    context = {
        "rows": [(row, row.member.role in roles) for row in team_rows(project)],
        "roles": [(role.value, role.label) for role in roles],
        "invitations": project.invitations.open().select_related("created_by"),
        "rail": "team",
    }
    return render(request, "reports/team.html", context)
