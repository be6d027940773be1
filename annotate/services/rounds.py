"""A round's life: draft → open ⇄ paused → closed."""

from django.db import connection, transaction
from django.utils import timezone

from annotate.models import Round
from corpus.models import ItemSet, Project, User
from corpus.services import freeze_rubric


class RoundRefused(Exception):
    """The round cannot do this now; says why."""


def create_round(
    project: Project, *, name: str, item_set: ItemSet, overlap: int = 1, by: User | None = None
) -> Round:
    """Make a draft over this item set with the project's rubric: `overlap` people grade each item."""
    return Round.objects.create(
        project=project, name=name, item_set=item_set, rubric=project.rubric, overlap=overlap, created_by=by
    )


@transaction.atomic
def open_round(round: Round, *, by: User | None = None) -> Round:
    """Open a draft: make a slot for each item and freeze the rubric. Raises RoundRefused."""
    round = _lock(round, allowed=Round.State.DRAFT, verb="open")
    if not round.item_set.n_items:
        raise RoundRefused(f"“{round}” has no items to label; choose another item set.")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO annotate_slot (round_id, item_id, position, places_left)"
            " SELECT %s, item_id, position, %s FROM corpus_itemsetentry"
            " WHERE item_set_id = %s ORDER BY position",
            [round.pk, round.overlap, round.item_set_id],
        )
    freeze_rubric(round.rubric)
    round.state, round.opened_at, round.opened_by = Round.State.OPEN, timezone.now(), by
    round.save(update_fields=["state", "opened_at", "opened_by"])
    return round


@transaction.atomic
def pause_round(round: Round) -> Round:
    """Nobody gets or saves anything until the round goes on. Raises RoundRefused."""
    return _set_state(_lock(round, allowed=Round.State.OPEN, verb="pause"), Round.State.PAUSED)


@transaction.atomic
def resume_round(round: Round) -> Round:
    """Open a paused round again. Raises RoundRefused."""
    return _set_state(_lock(round, allowed=Round.State.PAUSED, verb="resume"), Round.State.OPEN)


@transaction.atomic
def close_round(round: Round) -> Round:
    """End the round; its labels stay. Raises RoundRefused."""
    round = _lock(round, allowed=(Round.State.OPEN, Round.State.PAUSED), verb="close")
    round.closed_at = timezone.now()
    return _set_state(round, Round.State.CLOSED)


def _lock(round: Round, *, allowed: str | tuple[str, ...], verb: str) -> Round:
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


def _set_state(round: Round, state: str) -> Round:
    round.state = state
    round.save(update_fields=["state", "closed_at"])
    return round
