"""Who may do what: the one place where roles become permissions.

Views of a project wear `project_view(Capability…)`; they get the project as their second argument and
never meet somebody who may not see it. A stranger gets 404 (the project's name is nobody's business),
a member without the capability 403.
"""

from collections.abc import Callable
from enum import Enum
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from corpus.models import Membership, Project, Role, User


class Capability(Enum):
    """What a role can include."""

    VIEW = "see the project's overview and items"
    LABEL = "label items in rounds"
    REPORT = "see judges, verdicts, other people's labels and reports"
    MANAGE = "import, export, open rounds, make judges, start runs"
    OWN = "change settings and members, delete the project"


ROLE_INCLUDES: dict[str, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.MANAGER: frozenset(Capability) - {Capability.OWN},
    Role.ANNOTATOR: frozenset({Capability.VIEW, Capability.LABEL}),
    Role.VIEWER: frozenset({Capability.VIEW, Capability.REPORT}),
}


def capabilities(user: User, project: Project) -> frozenset[Capability]:
    """Everything this user may do in this project; empty for strangers, all for site admins."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Capability)
    membership = Membership.objects.filter(project=project, user=user).first()
    return ROLE_INCLUDES[membership.role] if membership else frozenset()


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
                raise Http404("No such project.")
            if capability not in granted:
                raise PermissionDenied(f"Your role in this project does not let you {capability.value}.")
            request.project = project
            request.capabilities = {each.name.lower() for each in granted}
            return view(request, project, *args, **kwargs)

        checked.capability = capability
        return checked

    return decorate


def site_admin_view(view: Callable) -> Callable:
    """Decorate a view that only site admins may reach (engines, users)."""

    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied("Only site admins may do this.")
        return view(request, *args, **kwargs)

    checked.capability = "site admin"
    return checked
