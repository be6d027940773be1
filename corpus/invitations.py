"""Invitations: a link lets one person into one project, once, with the role it was made for."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from corpus.accounts import create_account
from corpus.audit import record
from corpus.models import Invitation, Membership, Project, User
from corpus.models.audit import Verb
from corpus.models.invitation import LASTS

TOKEN_BYTES = 32


class InvitationRefused(Exception):
    """The invitation lets this person in no more, or not; says why."""


@transaction.atomic
def invite(
    project: Project, *, role: str, by: User, note: str = "", lasts: timedelta = LASTS
) -> tuple[Invitation, str]:
    """Make an invitation; returns it and its token, which nobody can see again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        note=note,
        token_hash=_hash(token),
        created_by=by,
        expires_at=timezone.now() + lasts,
    )
    record(Verb.INVITATION_MADE, invitation, project=project, role=role)
    return invitation, token


def find_invitation(token: str) -> Invitation | None:
    """The open invitation with this token. What is compared is a hash, so that time tells nothing."""
    open_ones = Invitation.objects.open().filter(project__archived_at=None)
    return open_ones.select_related("project", "created_by").filter(token_hash=_hash(token)).first()


@transaction.atomic
def revoke(invitation: Invitation) -> None:
    """End an open invitation; harmless where it has ended."""
    if Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        record(Verb.INVITATION_REVOKED, invitation, project=invitation.project)


@transaction.atomic
def accept(invitation: Invitation, *, user: User) -> Membership:
    """Make the user a member and use the invitation up. Raises InvitationRefused.

    Whoever is a member already stays what they are, and the invitation stays open.
    """
    locked = Invitation.objects.open().select_for_update().filter(pk=invitation.pk).first()
    if locked is None:
        raise InvitationRefused("This invitation was used, withdrawn or has expired in the meantime.")
    if Membership.objects.filter(project=locked.project_id, user=user).exists():
        raise InvitationRefused("You are a member of this project already.")
    member = Membership.objects.create(project=invitation.project, user=user, role=locked.role)
    locked.used_at, locked.used_by = timezone.now(), user
    locked.save(update_fields=["used_at", "used_by"])
    record(Verb.MEMBER_JOINED, member, project=invitation.project, by=user, role=locked.role)
    return member


def accept_as_stranger(
    invitation: Invitation, *, username: str, password: str, full_name: str = ""
) -> Membership:
    """Make an account and let it in. Raises ValidationError (name or password) and InvitationRefused.

    Refusals are counted, so that a link cannot be used to find out who has an account here.
    """
    try:
        with transaction.atomic():
            user, _ = create_account(username, full_name=full_name, password=password)
            return accept(invitation, user=user)
    except IntegrityError as taken:
        raise InvitationRefused("Somebody has just taken this username; choose another.") from taken


def count_refusal(invitation: Invitation) -> None:
    """Remember that a form sent with this link was refused; after twenty the link is dead."""
    Invitation.objects.filter(pk=invitation.pk).update(n_refused=models.F("n_refused") + 1)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
