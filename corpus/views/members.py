"""What is done to a project's members. Where they are listed is the team page, reports:team."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus import team
from corpus.forms import MemberForm, RoleForm, SuccessorForm
from corpus.models import LastOwner, Membership, Project
from corpus.permissions import Capability, project_view, roles_to_give, site_admin_view


@site_admin_view
@project_view(Capability.OWN)
def member_add(request: HttpRequest, project: Project) -> HttpResponse:
    """Bring somebody in by username. Only for those who see the list of users anyway: others invite."""
    form = MemberForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        member = team.add_member(project, user=form.user, role=form.cleaned_data["role"])
        messages.success(request, f"{member.user} is now {member.get_role_display().lower()}.")
        return redirect("reports:team", project.slug)
    return render(request, "corpus/member_add.html", {"form": form, "rail": "team"})


@project_view(Capability.MANAGE)
@require_POST
def member_change(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    member = _within_reach(request, project, pk)
    form = RoleForm(request.POST, roles=roles_to_give(request.capabilities))
    if not form.is_valid():
        messages.error(request, "This role is not yours to give.")
        return _back(request, project, member)
    role = form.cleaned_data["role"]
    return _do(request, member, lambda: team.change_role(member, role=role), f"{member.user} is now {role}.")


@project_view(Capability.MANAGE)
@require_POST
def member_pause(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    member = _within_reach(request, project, pk)
    done = f"{member.user} is paused: they see nothing of the project. The labels they gave stay."
    return _do(request, member, lambda: team.pause_member(member), done)


@project_view(Capability.MANAGE)
@require_POST
def member_resume(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    member = _within_reach(request, project, pk)
    return _do(request, member, lambda: team.resume_member(member), f"{member.user} can work again.")


@project_view(Capability.MANAGE)
def member_relieve(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Ask who gets what a member holds, has skipped or put off; and give it."""
    member = _within_reach(request, project, pk)
    form = SuccessorForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        successor = form.cleaned_data["successor"]
        whose = successor.user if successor else "the queue"
        done = f"What {member.user} held is with {whose} now."
        return _do(request, member, lambda: team.relieve_member(member, successor=successor), done)
    return render(request, "corpus/member_relieve.html", {"form": form, "member": member, "rail": "team"})


@project_view(Capability.MANAGE)
@require_POST
def member_remove(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Take a member out; the labels they gave stay."""
    member = _within_reach(request, project, pk)
    done = f"{member.user} is no longer a member. The labels they gave stay."
    return _do(request, member, lambda: team.remove_member(member), done)


def _within_reach(request: HttpRequest, project: Project, pk: int) -> Membership:
    """The member, if their role is one that this user may give."""
    member = get_object_or_404(project.memberships.select_related("user", "project"), pk=pk)
    if member.role not in roles_to_give(request.capabilities):
        raise PermissionDenied("Only owners may change what owners and managers may do.")
    return member


def _do(request: HttpRequest, member: Membership, act: Callable[[], None], done: str) -> HttpResponse:
    try:
        act()
    except (LastOwner, team.MemberRefused) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return _back(request, member.project, member)


def _back(request: HttpRequest, project: Project, member: Membership) -> HttpResponse:
    """To the team, or to the projects for somebody who has just given up their own role."""
    if member.user == request.user and not request.user.is_superuser:
        return redirect("corpus:project-list")
    return redirect("reports:team", project.slug)
