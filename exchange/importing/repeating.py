"""The same file once more, under other choices; and a file that will not be imported after all."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from corpus.models import Job, User
from exchange.importing.preparing import prepare_import

CHOICES = ("kind", "mapping", "encoding", "judge", "rater", "condition")


class FileGone(Exception):
    """The import's file is no longer on the server; the message says what to do."""


def repeat_import(job: Job, *, by: User, **how: bool) -> Job:
    """A draft over the same file with the same choices; how: `good_rows`, `dry_run`. Raises FileGone."""
    path = Path(job.params["path"])
    if not path.is_file():
        raise FileGone(f"The file {job.params['filename']} is no longer on the server. Upload it again.")
    choices = {name: job.params[name] for name in CHOICES if name in job.params}
    return prepare_import(job.project, path, filename=job.params["filename"], by=by, **choices, **how)


@transaction.atomic
def discard_draft(job: Job) -> None:
    """Delete a draft, and its uploaded file unless another import read it too."""
    path = Path(job.params["path"])
    shared = Job.objects.filter(kind=Job.Kind.IMPORT, params__path=job.params["path"]).exclude(pk=job.pk)
    deletes_file = path.parent == (settings.FILES / "imports").resolve() and not shared.exists()
    job.delete()
    if deletes_file:
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
