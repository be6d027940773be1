"""Who may do what: the one place where roles become permissions.

Views of a project wear `project_view(Capability…)`; they get the project as their second argument and
never meet somebody who may not see it. A stranger gets 404 (the project's name is nobody's business),
a member without the capability 403, and a paused member 403 with a sentence everywhere. An archived project
keeps the capabilities that change nothing in it.
"""

from collections.abc import Callable
from enum import Enum
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from corpus.audit import acting
from corpus.models import Membership, Project, Role, User


class Capability(Enum):
    """What a role can include."""

    VIEW = "see the project's overview and items"
    LABEL = "label items in rounds"
    REPORT = "see judges, verdicts, other people's labels and reports"
    EXPORT = "export data"
    MANAGE = "import, open rounds, make judges, start runs, look after the team"
    OWN = "change the settings"
    ARCHIVE = "archive or delete the project"


ROLE_INCLUDES: dict[str, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.MANAGER: frozenset(Capability) - {Capability.OWN, Capability.ARCHIVE},
    Role.ANNOTATOR: frozenset({Capability.VIEW, Capability.LABEL}),
    Role.VIEWER: frozenset({Capability.VIEW, Capability.REPORT}),
}
KEPT_IN_ARCHIVE = frozenset({Capability.VIEW, Capability.REPORT, Capability.EXPORT, Capability.ARCHIVE})
PAUSED = "Your membership of this project is paused. Ask one of its managers; what you have done is kept."


def capabilities(user: User, project: Project) -> frozenset[Capability]:
    """Everything this user may do in this project; empty for strangers and paused members."""
    granted = _granted_by_role(user, project)
    return granted & KEPT_IN_ARCHIVE if project.archived_at else granted


def _granted_by_role(user: User, project: Project) -> frozenset[Capability]:
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Capability)
    membership = Membership.objects.filter(project=project, user=user, paused_at=None).first()
    return ROLE_INCLUDES[membership.role] if membership else frozenset()


def roles_to_give(granted: set[str]) -> list[Role]:
    """The roles that somebody with these capabilities may give to others, and take from them.

    Owners all; managers only those below their own, so that nobody makes themselves or a friend more.
    """
    if "own" in granted:
        return list(Role)
    return [Role.ANNOTATOR, Role.VIEWER] if "manage" in granted else []


def project_view(capability: Capability) -> Callable:
    """Decorate `view(request, project, …)`: finds the project by its slug and checks the capability.

    Sets `request.project` and `request.capabilities` (a set of names) for templates.
    """

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def checked(request: HttpRequest, slug: str, *args, **kwargs) -> HttpResponse:
            project = Project.objects.filter(slug=slug).first()
            granted = capabilities(request.user, project) if project else frozenset()
            if not granted:
                if project and project.memberships.filter(user=request.user.pk).exclude(paused_at=None):
                    raise PermissionDenied(PAUSED)
                raise Http404("No such project.")
            if capability not in granted:
                raise PermissionDenied(_refusal(capability, request.user, project))
            request.project = project
            request.capabilities = {each.name.lower() for each in granted}
            with acting(request.user):
                return view(request, project, *args, **kwargs)

        checked.capability = capability
        return checked

    return decorate


def _refusal(capability: Capability, user: User, project: Project) -> str:
    if capability in _granted_by_role(user, project):
        return (
            "This project is archived: everything can be seen and exported, nothing changes."
            " An owner can bring it back."
        )
    return f"Your role in this project does not let you {capability.value}."


def site_admin_view(view: Callable) -> Callable:
    """Decorate a view that only site admins may reach (engines, users)."""

    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied("Only site admins may do this.")
        with acting(request.user):
            return view(request, *args, **kwargs)

    checked.capability = "site admin"
    return checked
