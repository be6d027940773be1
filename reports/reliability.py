"""What Dawid–Skene last found about each rater, and how old that is."""

from datetime import datetime
from typing import NamedTuple

from corpus.models import Job, Project


class RaterConfusion(NamedTuple):
    name: str
    rows: list[tuple[int, list[float]]]  # estimated grade; percent of each grade they say then


class Reliability(NamedTuple):
    """Confusion matrices of the last estimate; empty before the first."""

    made_at: datetime | None
    is_waiting: bool  # labels have changed since, and a job waits or works
    values: list[int]
    raters: list[RaterConfusion]


def reliability(project: Project) -> Reliability | None:
    """The last estimate of a project whose rule is Dawid–Skene; None under another rule."""
    if project.reference_rule != Project.ReferenceRule.DAWID_SKENE:
        return None
    jobs = project.jobs.filter(kind=Job.Kind.REFERENCES)
    is_waiting = jobs.unfinished().exists()
    last = jobs.filter(state=Job.State.DONE, result__has_key="confusions").order_by("-finished_at").first()
    if last is None:
        return Reliability(None, is_waiting, [], [])
    names = dict(project.raters.values_list("pk", "name"))
    values = last.result["values"]
    raters = [
        RaterConfusion(
            names[int(rater)],
            [(value, [100 * chance for chance in row]) for value, row in zip(values, confusion, strict=True)],
        )
        for rater, confusion in last.result["confusions"].items()
        if int(rater) in names
    ]
    return Reliability(last.finished_at, is_waiting, values, sorted(raters))
