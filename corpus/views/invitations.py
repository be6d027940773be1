from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from corpus.forms import InvitationForm, JoinForm
from corpus.invitations import (
    InvitationRefused,
    accept,
    accept_as_stranger,
    count_refusal,
    find_invitation,
    invite,
    revoke,
)
from corpus.models import Invitation, Project
from corpus.permissions import Capability, project_view, roles_to_give

MOST_WRONG, WRONG_SECONDS = 20, 900  # wrong links from one address, before it has to wait


@project_view(Capability.MANAGE)
@never_cache
def invitation_create(request: HttpRequest, project: Project) -> HttpResponse:
    """Make an invitation; its link is shown on the answer and nowhere else, ever."""
    form = InvitationForm(request.POST or None, roles=roles_to_give(request.capabilities))
    context = {"form": form, "rail": "team"}
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        invitation, token = invite(
            project, role=chosen["role"], note=chosen["note"], lasts=chosen["lasts"], by=request.user
        )
        address = reverse("corpus:invitation-accept", args=[token])
        context |= {"made": invitation, "link": request.build_absolute_uri(address)}
    return render(request, "corpus/invitation_create.html", context)


@project_view(Capability.MANAGE)
@require_POST
def invitation_revoke(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    revoke(get_object_or_404(project.invitations.select_related("project"), pk=pk))
    messages.success(request, "The invitation is withdrawn; its link lets nobody in.")
    return redirect("reports:team", project.slug)


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Where a link leads: somebody who is logged in joins, a stranger makes an account first.

    A wrong, used, withdrawn and expired link look alike.
    """
    wrong = f"wrong-invitations:{request.META.get('REMOTE_ADDR')}"
    if cache.get(wrong, 0) >= MOST_WRONG:
        return render(request, "corpus/invitation_accept.html", {"is_locked_out": True}, status=429)
    invitation = find_invitation(token)
    if invitation is None:
        cache.add(wrong, 0, WRONG_SECONDS)
        cache.incr(wrong)
        return render(request, "corpus/invitation_accept.html", status=404)
    if request.user.is_authenticated:
        return _join(request, invitation)
    return _join_as_stranger(request, invitation, JoinForm(request.POST or None))


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    context = {"invitation": invitation}
    if request.method == "POST":
        try:
            accept(invitation, user=request.user)
        except InvitationRefused as refusal:
            context["refusal"] = str(refusal)
        else:
            messages.success(request, f"You are now {invitation.get_role_display().lower()} here.")
            return redirect(invitation.project)
    return render(request, "corpus/invitation_accept.html", context)


def _join_as_stranger(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    if request.method == "POST":
        if form.is_valid():
            chosen = form.cleaned_data
            try:
                member = accept_as_stranger(
                    invitation,
                    username=chosen["username"],
                    full_name=chosen["full_name"],
                    password=chosen["password"],
                )
            except InvitationRefused as refusal:
                form.add_error(None, str(refusal))
            except ValidationError as problem:
                form.add_error(None, ValidationError(problem.messages))
            else:
                login(request, member.user, backend=settings.AUTHENTICATION_BACKENDS[-1])
                messages.success(
                    request, f"Welcome. You are now {invitation.get_role_display().lower()} here."
                )
                return redirect(invitation.project)
        count_refusal(invitation)
    return render(request, "corpus/invitation_accept.html", {"invitation": invitation, "form": form})
