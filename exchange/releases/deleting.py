"""Deleting a release: the row, its job, and its files."""

from django.db import transaction

from corpus.audit import record
from corpus.jobs import cancel
from corpus.models.audit import Verb
from exchange.models import Release
from exchange.releases.checking import checks_of
from exchange.tidying import forget_release


@transaction.atomic
def delete_release(release: Release) -> None:
    """Delete the release with its files; one that is being made is cancelled first."""
    for job in (release.job, *checks_of(release).unfinished()):
        cancel(job)
    record(Verb.RELEASE_DELETED, release, project=release.project)
    forget_release(release)
    checks_of(release).delete()
    release.job.delete()
