"""Archiving: everything of the project can be seen and exported, nothing changes; and bringing it back."""

from django.db import transaction
from django.utils import timezone

from corpus.audit import record
from corpus.models import Job, Project
from corpus.models.audit import Verb


class ProjectBusy(Exception):
    """Work is going on in the project; says how much."""


@transaction.atomic
def archive_project(project: Project) -> None:
    """Make the project read-only; `corpus.permissions` keeps it so. Raises ProjectBusy while jobs work."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    n_busy = project.jobs.unfinished().exclude(state=Job.State.DRAFT).count()
    if n_busy:
        raise ProjectBusy(f"Work is going on in this project ({n_busy} jobs). Cancel it or wait for its end.")
    if project.archived_at is None:
        project.archived_at = timezone.now()
        project.save(update_fields=["archived_at"])
        record(Verb.PROJECT_ARCHIVED, project, project=project)


@transaction.atomic
def unarchive_project(project: Project) -> None:
    """Let people work in the project again."""
    if Project.objects.filter(pk=project.pk).exclude(archived_at=None).update(archived_at=None):
        record(Verb.PROJECT_UNARCHIVED, project, project=project)
