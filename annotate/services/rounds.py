"""A round's life: draft → open ⇄ paused → closed."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from annotate.models import GoldItem, Round
from corpus.audit import record
from corpus.models import ItemSet, Project, Rubric, User
from corpus.models.audit import Verb


class RoundRefused(Exception):
    """The round cannot do this now; says why."""


@transaction.atomic
def create_round(
    project: Project,
    *,
    name: str,
    item_set: ItemSet,
    rubric: Rubric | None = None,
    people: Iterable[User] = (),
    overlap: int = 1,
    order: str = Round.Order.QUERY,
    blind: bool = True,
    gold: Mapping[int, int] | None = None,
    gold_share: float = 0,
    gold_feedback: bool = False,
    by: User | None = None,
) -> Round:
    """Make a draft over this item set: `overlap` people grade each item on this rubric, or the project's own.

    `people` are those who label; nobody named is everybody who may.
    `gold` maps items of the project to their known grades; about `gold_share` of what a person gets is gold.
    """
    round = Round.objects.create(
        project=project,
        name=name,
        item_set=item_set,
        rubric=rubric or project.rubric,
        overlap=overlap,
        order=order,
        blind=blind,
        gold_share=gold_share if gold else 0,
        gold_feedback=gold_feedback,
        created_by=by,
    )
    round.people.set(people)
    GoldItem.objects.bulk_create(
        GoldItem(round=round, item_id=item, grade=grade) for item, grade in (gold or {}).items()
    )
    record(Verb.ROUND_MADE, round, project=project, by=by, item_set=item_set.name, overlap=overlap)
    return round


@transaction.atomic
def pause_round(round: Round) -> Round:
    """Nobody gets or saves anything until the round goes on. Raises RoundRefused."""
    round = lock_round(round, allowed=Round.State.OPEN, verb="pause")
    return _set_state(round, Round.State.PAUSED, verb=Verb.ROUND_PAUSED)


@transaction.atomic
def resume_round(round: Round) -> Round:
    """Open a paused round again. Raises RoundRefused."""
    round = lock_round(round, allowed=Round.State.PAUSED, verb="resume")
    return _set_state(round, Round.State.OPEN, verb=Verb.ROUND_RESUMED)


@transaction.atomic
def close_round(round: Round) -> Round:
    """End the round; its labels stay. Raises RoundRefused."""
    round = lock_round(round, allowed=(Round.State.OPEN, Round.State.PAUSED), verb="close")
    round.closed_at = timezone.now()
    return _set_state(round, Round.State.CLOSED, verb=Verb.ROUND_CLOSED)


def lock_round(round: Round, *, allowed: str | tuple[str, ...], verb: str) -> Round:
    """The round as it is now, locked. Raises RoundRefused unless its state is (one of) `allowed`."""
    round = (
        Round.objects.select_for_update(of=("self",)).select_related("item_set", "rubric").get(pk=round.pk)
    )
    if round.state not in (allowed if isinstance(allowed, tuple) else (allowed,)):
        raise RoundRefused(
            f"“{round}” is {round.get_state_display().lower()}; it cannot {verb}."
            if verb == "open"
            else f"“{round}” is {round.get_state_display().lower()}; there is nothing to {verb}."
        )
    return round


def _set_state(round: Round, state: str, *, verb: str) -> Round:
    round.state = state
    round.save(update_fields=["state", "closed_at"])
    record(verb, round, project=round.project)
    return round
