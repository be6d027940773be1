"""What a person held goes to others: when they are paused or removed, or when managers say so."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotate.models import Hold, Label, Participation, Round
from annotate.services.queue import join_round, lock_participation
from corpus.audit import record
from corpus.models import Project, User
from corpus.models.audit import Verb


@transaction.atomic
def relieve(user: User, *, project: Project, successor: User | None = None) -> int:
    """Give back what this user holds, has skipped or put off in the project's rounds; returns how many items.

    With a successor, they meet these items next, as far as they still need a label and the successor has
    given none. Labels stay.
    """
    theirs = Participation.objects.filter(rater__user=user, rater__project=project)
    n_items = 0
    for participation in theirs.exclude(round__state=Round.State.CLOSED).select_related("round__project"):
        lock_participation(participation)
        slots = list(participation.holds().values_list("slot_id", "slot__item_id"))
        participation.holds().delete()
        n_items += len(slots)
        if successor:
            if participation.round.people.exists():
                participation.round.people.add(successor)
            _hand_over(slots, join_round(participation.round, user=successor))
    return n_items


@transaction.atomic
def choose_people(round: Round, people: Collection[User]) -> int:
    """Let these label in the round (nobody named: everybody who may); returns how many items others held.

    What others hold, have skipped or put off goes to the queue; their labels stay.
    """
    round.people.set(people)
    n_released = 0
    if people:
        for participation in round.participations.exclude(rater__user__in=people):
            lock_participation(participation)
            n_released += participation.holds().delete()[0]
    record(Verb.ROUND_PEOPLE, round, project=round.project, n_people=len(people))
    return n_released


def _hand_over(slots: list[tuple[int, int]], successor: Participation) -> None:
    """Leases that have run out: the queue offers them to their holder first; they take nobody's place."""
    lock_participation(successor)
    labelled = set(
        Label.objects.current()
        .filter(round=successor.round_id, rater=successor.rater_id, item__in=[item for _, item in slots])
        .values_list("item_id", flat=True)
    )
    ended = timezone.now() - timedelta(seconds=1)
    Hold.objects.bulk_create(
        [
            Hold(slot_id=slot, rater=successor.rater, kind=Hold.Kind.LEASE, until=ended)
            for slot, item in slots
            if item not in labelled
        ],
        ignore_conflicts=True,
    )
