"""Following a run on a terminal: who works on it, how far it is, and doing it here when nobody does."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from corpus import jobs
from corpus.models import Job
from corpus.templatetags.show import duration
from judges.models import Run
from judges.running import STALE_SECONDS, work_on_run_here


def has_worker(run: Run) -> bool:
    """Wait a moment for a worker to take the run up; False when the caller should do it itself."""
    if not jobs.wait_for_worker(run.job):
        run.job.refresh_from_db()
        return run.job.is_ended
    return not _is_abandoned(run)


def work_here(run: Run, *, console: Console) -> None:
    """Do the run in this process, showing its progress; an interruption leaves it queued."""
    console.print(f"No worker took {run}, so this command does it itself.")
    try:
        with _shown(run, console) as show:
            work_on_run_here(run, on_update=show)
    except KeyboardInterrupt:
        Job.objects.filter(pk=run.job_id, state=Job.State.RUNNING).update(
            state=Job.State.QUEUED, retry_at=None
        )
        console.print(f"Stopped. What {run} has is kept; the same command, or a worker, goes on with it.")
        raise


def watch(run: Run, *, console: Console) -> None:
    """Show the run's progress until it ends; do the rest here when its workers are gone."""
    with _shown(run, console) as show:
        while not run.job.is_ended and not _is_abandoned(run):
            show(run)
            time.sleep(0.5)
    if not run.job.is_ended:
        work_here(run, console=console)


def _is_abandoned(run: Run) -> bool:
    run.job.refresh_from_db()
    beaten_at = run.job.heartbeat_at
    return (
        run.job.state == Job.State.RUNNING
        and beaten_at is not None
        and beaten_at < timezone.now() - timedelta(seconds=2 * STALE_SECONDS)
    )


@contextmanager
def _shown(run: Run, console: Console) -> Iterator[Callable[[Run], None]]:
    """A bar on a terminal; elsewhere only the lines that say what the run waits for."""
    said = ""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        bar = progress.add_task(str(run), total=run.n_items, pace="")

        def show(_run: Run) -> None:
            nonlocal said
            run.refresh_from_db(
                fields=["n_graded", "n_scored", "n_abstained", "n_unreadable", "n_failed", "speed"]
            )
            run.job.refresh_from_db()
            if run.job.note and run.job.note != said:
                console.print(run.job.note)
            said = run.job.note
            pace = f"{run.speed:.1f}/s, {duration(run.seconds_left or 0)} left" if run.speed else ""
            progress.update(
                bar,
                completed=run.n_done,
                description=f"{run}: {run.job.get_state_display().lower()}",
                pace=pace,
            )

        yield show
