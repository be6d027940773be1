"""What is going on in a project and how large it is: the figures of its overview."""

from typing import NamedTuple

from django.db.models import Sum

from annotate.models import Label, Participation, Round
from corpus.counting import Count, count
from corpus.models import Item, Job, Project, Reference, User
from judges.models import Run

KEPT_COUNTS = ("n_graded", "n_scored", "n_abstained", "n_unreadable", "n_failed")


class OpenRound(NamedTuple):
    round: Round
    n_labels: int
    n_places: int
    n_mine: int
    takes_me: bool

    @property
    def n_left(self) -> int:
        return max(self.n_places - self.n_labels, 0)


class Sizes(NamedTuple):
    items: Count
    references: Count
    labels: Count
    n_verdicts: int


def open_rounds(project: Project, *, user: User, may: set[str]) -> list[OpenRound]:
    """The rounds that people can label in now, with everybody's progress and the user's own labels.

    For those who only label (`may` are the user's capabilities) the ones that take them.
    """
    found = project.rounds.filter(state=Round.State.OPEN).visible_to(may, user)
    rounds = list(found.with_progress().with_place_for(user))
    mine = dict(
        Participation.objects.filter(round__in=rounds, rater__user=user).values_list("round_id", "n_labels")
    )
    return [
        OpenRound(each, each.n_labels, each.n_places, mine.get(each.pk, 0), each.takes_me) for each in rounds
    ]


def sizes(project: Project) -> Sizes:
    """How many items, references, labels (current ones) and verdicts (of all runs) the project has."""
    kept = Run.objects.for_project(project).aggregate(**{name: Sum(name) for name in KEPT_COUNTS})
    return Sizes(
        count(Item.objects.for_project(project).single()),
        count(Reference.objects.filter(query__project=project, item__rival=None)),
        count(Label.objects.current().filter(rater__project=project)),
        sum(n or 0 for n in kept.values()),
    )


def n_jobs_at_work(project: Project) -> int:
    return project.jobs.unfinished().exclude(state=Job.State.DRAFT).count()
