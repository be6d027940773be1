"""What lies on one person's desk in a round: the cards to grade, the last ten decisions, the progress.

Built from the person's own labels alone: nobody else's grade and no judge's verdict can get into the page.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db.models import OuterRef, Q, Subquery, Sum
from django.utils import timezone

from annotate.models import Label, Participation, Round, Slot
from annotate.services.queue import next_items
from corpus.models import Item, Rubric
from corpus.templatetags.show import ramp_step

N_RECENT = 10
PACE_WINDOW = timedelta(minutes=10)
RESERVED_KEYS = "sucegh"  # skip, undo, cannot judge, rationale, guidelines, help
SPARE_KEYS = [letter for letter in "tabdfijklmnopqrvwxyz" if letter not in RESERVED_KEYS]


class Card(NamedTuple):
    """One item to grade. `earlier` is what this person said about it before an undo or a correction."""

    slot_id: int
    item: Item
    client_key: UUID
    earlier: Label | None
    is_correction: bool


class GradeButton(NamedTuple):
    value: int
    name: str
    meaning: str
    key: str
    step: int


class Desk(NamedTuple):
    cards: list[Card]
    recent: list[Label]
    undo_slot: int | None
    n_mine: int
    n_all: int
    n_skipped: int
    pace: float | None


def lay_desk(participation: Participation, *, correcting: Label | None = None) -> Desk:
    """Lease what this person should grade next and show where they stand; a label to correct comes first."""
    round, holds = participation.round, next_items(participation)
    recent = recent_labels(participation)
    earlier = _earlier_labels(participation, [hold.slot.item_id for hold in holds if hold.reopened_at])
    cards = [
        Card(hold.slot_id, hold.slot.item, uuid4(), earlier.get(hold.slot.item_id), False) for hold in holds
    ]
    if correcting:
        slot = Slot.objects.get(round=round, item=correcting.item_id)
        cards.insert(0, Card(slot.pk, correcting.item, uuid4(), correcting, True))
    counts = round.participations.aggregate(
        mine=Sum("n_labels", filter=Q(pk=participation.pk)), all=Sum("n_labels")
    )
    skips = list(participation.skips().order_by("-created_at").values_list("slot_id", "created_at"))
    return Desk(
        cards=cards,
        recent=recent,
        undo_slot=_last_decided(recent, skips),
        n_mine=counts["mine"],
        n_all=counts["all"],
        n_skipped=len(skips),
        pace=_pace([label.created_at for label in recent]),
    )


def recent_labels(participation: Participation) -> list[Label]:
    """This person's last ten labels in the round, the newest first, each with its slot's id."""
    slot = Slot.objects.filter(round=OuterRef("round"), item=OuterRef("item")).values("pk")
    return list(
        participation.labels()
        .select_related("item__candidate")
        .annotate(slot_id=Subquery(slot))
        .order_by("-id")[:N_RECENT]
    )


def grade_buttons(rubric: Rubric) -> list[GradeButton]:
    """The rubric's grades, each with its key: its own digit, or a spare letter from ten up."""
    spare = iter(SPARE_KEYS)
    return [
        GradeButton(
            value=grade["value"],
            name=grade["name"],
            meaning=grade["meaning"],
            key=str(grade["value"]) if grade["value"] < 10 else next(spare),
            step=ramp_step(index, len(rubric.grades)),
        )
        for index, grade in enumerate(rubric.grades)
    ]


def share_done(round: Round, n_labels: int) -> float:
    """How much of the round is labelled, 0–100."""
    return 100 * n_labels / round.n_places if round.n_places else 0.0


def _earlier_labels(participation: Participation, items: list[int]) -> dict[int, Label]:
    if not items:
        return {}
    labels = Label.objects.filter(round=participation.round_id, rater=participation.rater_id, item__in=items)
    return {label.item_id: label for label in labels.order_by("id")}


def _last_decided(recent: list[Label], skips: list[tuple[int, datetime]]) -> int | None:
    if skips and (not recent or skips[0][1] > recent[0].created_at):
        return skips[0][0]
    return recent[0].slot_id if recent else None


def _pace(moments: list[datetime]) -> float | None:
    """Labels a minute, over those of the last ten that are not long ago; None for fewer than three."""
    moments = [moment for moment in moments if timezone.now() - moment < PACE_WINDOW]
    if len(moments) < 3:
        return None
    seconds = (moments[0] - moments[-1]).total_seconds()
    return 60 * (len(moments) - 1) / seconds if seconds > 0 else None
