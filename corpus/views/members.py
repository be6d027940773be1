from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.forms import MemberForm, RoleForm
from corpus.models import LastOwner, Membership, Project, Role
from corpus.permissions import Capability, project_view


@project_view(Capability.OWN)
def member_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Who belongs to the project; brings in another member."""
    form = MemberForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        member = Membership.objects.create(project=project, user=form.user, role=form.cleaned_data["role"])
        messages.success(request, f"{member.user} is now {member.get_role_display().lower()}.")
        return redirect("corpus:member-list", project.slug)
    context = {
        "form": form,
        "members": project.memberships.select_related("user"),
        "roles": Role.choices,
        "rail": "settings",
    }
    return render(request, "corpus/member_list.html", context)


@project_view(Capability.OWN)
@require_POST
def member_change(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    member = get_object_or_404(project.memberships, pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            member.change_role(form.cleaned_data["role"])
        except LastOwner as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, f"{member.user} is now {member.get_role_display().lower()}.")
    return _back(request, project, member)


@project_view(Capability.OWN)
@require_POST
def member_remove(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Take a member out; the labels they gave stay."""
    member = get_object_or_404(project.memberships, pk=pk)
    try:
        member.end()
    except LastOwner as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{member.user} is no longer a member. The labels they gave stay.")
    return _back(request, project, member)


def _back(request: HttpRequest, project: Project, member: Membership) -> HttpResponse:
    """To the list, or to the projects for somebody who has just given up their own role."""
    if member.user == request.user and not request.user.is_superuser:
        return redirect("corpus:project-list")
    return redirect("corpus:member-list", project.slug)
