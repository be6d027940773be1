"""Members of a project: brought in, paused, relieved, removed; each act with its audit entry."""

from django.db import transaction
from django.utils import timezone

from corpus.audit import record
from corpus.models import Membership, Project, Role, User
from corpus.models.audit import Verb
from corpus.signals import member_relieved


class MemberRefused(Exception):
    """This cannot be done to this member; says why."""


@transaction.atomic
def add_member(project: Project, *, user: User, role: str) -> Membership:
    """Make a user a member, or give a member this role."""
    member, _ = Membership.objects.update_or_create(project=project, user=user, defaults={"role": role})
    record(Verb.MEMBER_ADDED, user, project=project, role=role)
    return member


@transaction.atomic
def change_role(member: Membership, *, role: str) -> None:
    """Give the member another role. Raises LastOwner."""
    before = member.role
    member.change_role(role)
    if Role.ANNOTATOR == before != role:
        member_relieved.send(Membership, member=member, successor=None)
    record(Verb.MEMBER_ROLE, member.user, project=member.project, before=before, after=role)


@transaction.atomic
def pause_member(member: Membership) -> None:
    """Shut the member out until they are resumed; what they held goes back to the queue.

    Raises MemberRefused for an owner.
    """
    if member.role == Role.OWNER:
        raise MemberRefused("An owner cannot be paused; change the role first.")
    if member.paused_at is None:
        member.paused_at = timezone.now()
        member.save(update_fields=["paused_at"])
        member_relieved.send(Membership, member=member, successor=None)
        record(Verb.MEMBER_PAUSED, member.user, project=member.project)


@transaction.atomic
def resume_member(member: Membership) -> None:
    """Let a paused member in again."""
    if member.paused_at is not None:
        member.paused_at = None
        member.save(update_fields=["paused_at"])
        record(Verb.MEMBER_RESUMED, member.user, project=member.project)


@transaction.atomic
def relieve_member(member: Membership, *, successor: Membership | None = None) -> None:
    """Give what the member holds, has skipped or put off to the queue, or what they hold to a successor."""
    member_relieved.send(Membership, member=member, successor=successor)
    after = successor.user.username if successor else "the queue"
    record(Verb.MEMBER_RELIEVED, member.user, project=member.project, to=after)


@transaction.atomic
def remove_member(member: Membership) -> None:
    """Take the member out; the labels they gave stay. Raises LastOwner."""
    member_relieved.send(Membership, member=member, successor=None)
    record(Verb.MEMBER_REMOVED, member.user, project=member.project, role=member.role)
    member.end()
