"""The audit log: services record what they did, in the transaction that does it.

Who acts is known at the door: `project_view` and `site_admin_view` wrap the view in `acting`, so that a
service says in one line what was done. What commands and workers do has no person.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models

from corpus.models import AuditEntry, Project, User

_actor: ContextVar[User | None] = ContextVar("actor", default=None)


@contextmanager
def acting(user: User) -> Iterator[None]:
    """Everything recorded meanwhile was done by this user."""
    token = _actor.set(user)
    try:
        yield
    finally:
        _actor.reset(token)


def record(
    verb: str,
    about: models.Model | None = None,
    *,
    project: Project | None = None,
    by: User | None = None,
    **details: object,
) -> AuditEntry:
    """Write down that somebody did this to `about`; without a project it is an entry of the site.

    `by` is needed only where nobody is logged in yet. Details must be JSON, and hold no secret and no
    text of items.
    """
    return AuditEntry.objects.create(
        project=project,
        actor=by or _actor.get(),
        verb=verb,
        object_kind=about._meta.model_name if about is not None else "",
        object_id=about.pk if about is not None else None,
        object_name=str(about)[:300] if about is not None else "",
        details=details,
    )
