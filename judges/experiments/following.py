"""An experiment under way: how far its runs are, and steering all of them at once."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from corpus.models import Job
from judges.describing import Segment, cost, lay_out
from judges.models import Experiment, Run
from judges.services.runs import RunRefused

STOPPED = (Job.State.PAUSED, Job.State.WAITING, Job.State.FAILED, Job.State.CANCELLED)
COUNTS = ("n_graded", "n_scored", "n_abstained", "n_unreadable", "n_failed")


class Progress(NamedTuple):
    """All runs of an experiment together."""

    n_runs: int
    states: dict[str, int]  # runs by state, in words
    n_items: int
    n_done: int
    segments: list[Segment]
    dollars: float | None
    has_ended: bool
    can_resume: bool
    n_failed: int
    runs: list[Run]


def progress_of(experiment: Experiment) -> Progress:
    """Where the experiment's runs stand."""
    runs = list(
        experiment.runs.select_related(
            "job", "judge__engine", "judge__prompt", "condition", "item_set"
        ).order_by("judge__name", "repeat", "pk")
    )
    n_items = sum(run.n_items for run in runs)
    counts = {name.removeprefix("n_"): sum(getattr(run, name) for run in runs) for name in COUNTS}
    n_done = sum(counts.values())
    counts["left"] = max(n_items - n_done, 0)
    costs = [cost(run) for run in runs]
    return Progress(
        n_runs=len(runs),
        states=dict(Counter(Job.State(run.job.state).label.lower() for run in runs)),
        n_items=n_items,
        n_done=n_done,
        segments=lay_out(counts),
        dollars=None if any(each is None for each in costs) else sum(each or 0.0 for each in costs),
        has_ended=all(run.job.is_ended for run in runs),
        can_resume=any(run.job.state in STOPPED for run in runs),
        n_failed=counts["failed"],
        runs=runs,
    )


def steer_all(experiment: Experiment, steer: Callable[[Run], object]) -> int:
    """Do this to every run of the experiment that lets it be done; return how many did."""
    n = 0
    for run in experiment.runs.select_related("job", "judge__project", "judge__engine"):
        try:
            steer(run)
        except RunRefused:
            continue
        n += 1
    return n
