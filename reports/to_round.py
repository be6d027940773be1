"""From a report into a round: a frozen set of items, and a draft of a round over it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotate.models import Round
from annotate.services.rounds import create_round
from corpus.models import Project, User
from corpus.services import freeze_items

MOST_SENT = 10_000  # items of one round made from a report


@transaction.atomic
def send_to_round(
    project: Project,
    items: Sequence[int],
    *,
    name: str,
    made_from: Mapping[str, Any],
    priorities: Sequence[float] | None = None,
    by: User,
) -> Round:
    """A draft round over these items of the project, in their order. With priorities it draws by them."""
    dated = _free_name(project, f"{name}, {timezone.now():%Y-%m-%d}")
    item_set = freeze_items(project, items, name=dated, made_from=made_from, priorities=priorities)
    order = Round.Order.PRIORITY if priorities is not None else Round.Order.QUERY
    return create_round(project, name=dated, item_set=item_set, order=order, by=by)


def _free_name(project: Project, name: str) -> str:
    taken = set(project.rounds.filter(name__startswith=name).values_list("name", flat=True))
    taken |= set(project.item_sets.filter(name__startswith=name).values_list("name", flat=True))
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
