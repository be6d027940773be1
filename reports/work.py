"""What is going on in a project and how large it is: the figures of its overview."""

from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Sum

from annotate.models import Label, Participation, Round
from corpus.counting import Count, count
from corpus.models import Item, Job, Project, Reference, User, Variant
from corpus.variants import count_variants, is_plain
from judges.models import Run
from reports.models import CachedFigures
from reports.runs import state_of
from reports.scope import key_of

KEPT_COUNTS = ("n_graded", "n_scored", "n_abstained", "n_unreadable", "n_failed")
ON_VARIANTS = """
    SELECT count(*) FROM judges_verdict verdict JOIN corpus_variant variant USING (item_id)
    WHERE verdict.run_id = ANY(%s)
"""


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
    variants: Count


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
    """How many items, references, labels (current ones) and verdicts (of all runs) the project has.

    Variants are counted apart, and what was said of them and in experiments is not counted.
    """
    kept = Run.objects.for_project(project).plain().aggregate(**{name: Sum(name) for name in KEPT_COUNTS})
    n_verdicts = sum(n or 0 for n in kept.values())
    variants = count_variants(project)
    if variants.n and n_verdicts:
        n_verdicts -= _n_on_variants(project, n_variants=variants.n)
    return Sizes(
        count(Item.objects.for_project(project).single().plain()),
        count(Reference.objects.filter(is_plain(), query__project=project, item__rival=None)),
        count(Label.objects.current().filter(is_plain(), rater__project=project)),
        n_verdicts,
        variants,
    )


def _n_on_variants(project: Project, *, n_variants: int) -> int:
    """Verdicts of plain runs on variants, from the cache while neither runs nor variants have changed."""
    runs = list(Run.objects.for_project(project).plain().select_related("job").order_by("pk"))
    newest = Variant.objects.aggregate(newest=Max("pk"))["newest"]  # of all projects, which asks the index
    key = key_of("on variants", n_variants, newest, *map(state_of, runs))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        with connection.cursor() as cursor:
            cursor.execute(ON_VARIANTS, [[run.pk for run in runs]])
            known = {key: {"n": cursor.fetchone()[0]}}
        CachedFigures.objects.remember(project, known)
    return known[key]["n"]


def n_jobs_at_work(project: Project) -> int:
    return project.jobs.unfinished().exclude(state=Job.State.DRAFT).count()
