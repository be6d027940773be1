"""What the commands show on stderr while a job works, and what Ctrl-C does to it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from corpus.jobs import cancel
from corpus.models import Job

INTERRUPTED = 130


@contextmanager
def progress_bar(words: str) -> Iterator[Callable[[Job], None]]:
    """A bar on a terminal, nothing elsewhere; yields what is to be called with the job as it goes on."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task(words, total=None)

        def show(job: Job) -> None:
            said = f"{words} ({job.note.lower()})" if job.note.startswith("Waiting") else words
            bar.update(task, description=said, completed=job.n_done, total=job.n_total)

        yield show


@contextmanager
def cancelled_by_keyboard(job: Job) -> Iterator[None]:
    """Ctrl-C cancels the job, so that no worker takes it up later."""
    try:
        yield
    except KeyboardInterrupt:
        connection.close()  # it may be in the middle of a COPY
        cancel(job)
        raise CommandError("Cancelled; nothing was stored.", returncode=INTERRUPTED) from None
