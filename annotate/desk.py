"""What lies on one person's desk in a round: the cards to grade, the last ten decisions, the progress.

Built from the person's own labels alone: nobody else's grade and no judge's verdict can get into the page
(but for `Seen`, once the person's own answer stands).
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from annotate.answers import Criterion, GradeButton, answer_words, criteria_of, grade_buttons, words_of
from annotate.models import Label, Participation, Round, Slot
from annotate.services.queue import next_items
from corpus.models import Candidate, Item, ItemSetEntry

N_RECENT = 10
PACE_WINDOW = timedelta(minutes=10)
LONG_TEXT = 4_000  # characters; of a longer text the card shows the opening and folds the rest
OPENING = 2_500


class Side(NamedTuple):
    """One candidate on a card; of a pair there are two, "Left" and "Right"."""

    name: str
    candidate: Candidate

    @property
    def texts(self) -> tuple[str, str]:
        """The candidate's text in two: what is shown, and what "more" unfolds (empty for short ones)."""
        text = self.candidate.text
        if len(text) <= LONG_TEXT:
            return text, ""
        cut = max(text.rfind(" ", 0, OPENING), text.rfind("\n", 0, OPENING))
        cut = cut if cut > OPENING // 2 else OPENING
        return text[:cut], text[cut:]


class Card(NamedTuple):
    """One item to grade. `earlier` is what this person said about it before an undo or a correction."""

    slot_id: int
    item: Item
    client_key: UUID
    earlier: Label | None
    is_correction: bool
    rival_first: bool  # of a pair: the rival stands on the left
    buttons: list[GradeButton]  # of one scale
    criteria: list[Criterion]  # of several
    beside: Candidate | None = None  # one known to answer the query, where the item set shows it

    @property
    def sides(self) -> list[Side]:
        if self.item.rival is None:
            known = [Side("Known to answer", self.beside)] if self.beside else []
            return [Side("Candidate", self.item.candidate), *known]
        shown = [self.item.candidate, self.item.rival]
        left, right = reversed(shown) if self.rival_first else shown
        return [Side("Left", left), Side("Right", right)]


class Seen(NamedTuple):
    """What a person may see beside their answer once it stands: a gold item's grade, others' labels."""

    label: Label
    known_grade: int | None
    others: list[Label]

    def __str__(self) -> str:
        rubric = self.label.round.rubric
        known = answer_words(rubric, self.known_grade, rival_first=self.label.rival_first)
        said = "that you cannot judge it" if self.label.cannot_judge else words_of(self.label, rubric)
        return f"The grade of this item was known: {known}. You answered {said}."

    @property
    def others_said(self) -> list[tuple[Label, str]]:
        """Each label with its answer in words, seen from where this person saw the candidates."""
        rubric, mine = self.label.round.rubric, self.label.rival_first
        return [(other, words_of(other, rubric, rival_first=mine)) for other in self.others]


class Decided(NamedTuple):
    """One of a person's labels, as the row of the last ten shows it."""

    pk: int
    slot_id: int
    created_at: datetime
    grade: int | None
    marks: list[int] | None
    cannot_judge: bool
    rival_first: bool | None
    candidate: str
    rival: str | None

    @property
    def named(self) -> str:
        return f"{self.candidate} or {self.rival}" if self.rival else self.candidate


class Desk(NamedTuple):
    cards: list[Card]
    recent: list[Decided]
    undo_slot: int | None
    n_mine: int
    n_all: int
    n_skipped: int
    pace: float | None
    minutes_left: float | None
    back: int | None  # the label that ← opens
    on: int | None  # the label that → opens


def lay_desk(
    participation: Participation, *, correcting: Label | None = None, page: UUID | None = None
) -> Desk:
    """Lease what this person should grade next and show where they stand; a label to correct comes first."""
    round, holds = participation.round, next_items(participation, page=page)
    recent = recent_labels(participation)
    earlier = _earlier_labels(participation, [hold.slot.item_id for hold in holds if hold.reopened_at])
    cards = [
        _card(hold.slot, earlier.get(hold.slot.item_id), participation, is_correction=False) for hold in holds
    ]
    if correcting:
        slot = Slot.objects.get(round=round, item=correcting.item_id)
        slot.item = correcting.item
        cards.insert(0, _card(slot, correcting, participation, is_correction=True))
    cards = _with_besides(cards, round)
    counts = round.participations.aggregate(
        mine=Sum("n_labels", filter=Q(pk=participation.pk)),
        gold=Sum("n_gold", filter=Q(pk=participation.pk)),
        all=Sum("n_labels"),
        active=Count("pk", filter=Q(last_label_at__gt=timezone.now() - PACE_WINDOW)),
    )
    decisions = participation.holds().decisions().order_by("-created_at")
    aside = list(decisions.values_list("slot_id", "created_at", "kind"))
    pace = _pace([label.created_at for label in recent])
    n_left = max(round.n_places - counts["all"], 0)
    return Desk(
        cards=cards,
        recent=recent,
        undo_slot=_last_decided(recent, aside),
        n_mine=counts["mine"] + counts["gold"],  # a count that stands still would give a gold item away
        n_all=counts["all"],
        n_skipped=sum(kind == "skip" for _, _, kind in aside),
        pace=pace,
        minutes_left=n_left / (pace * max(counts["active"], 1)) if pace and n_left else None,
        back=_neighbour(participation, recent, correcting),
        on=_later_label(participation, correcting) if correcting else None,
    )


def recent_labels(participation: Participation) -> list[Decided]:
    """This person's last ten labels in the round, the newest first."""
    slot = Slot.objects.filter(round=OuterRef("round"), item=OuterRef("item")).values("pk")
    names = ("item__candidate__external_id", "item__rival__external_id")
    rows = participation.labels().annotate(slot_id=Subquery(slot)).order_by("-id")
    return [Decided(*row) for row in rows.values_list(*Decided._fields[:-2], *names)[:N_RECENT]]


def share_done(round: Round, n_labels: int) -> float:
    """How much of the round is labelled, 0–100."""
    return 100 * n_labels / round.n_places if round.n_places else 0.0


def _card(slot: Slot, earlier: Label | None, me: Participation, *, is_correction: bool) -> Card:
    rubric, rival_first = me.round.rubric, slot.stands_rival_first(me.seed)
    buttons, criteria = grade_buttons(rubric, rival_first=rival_first), criteria_of(rubric, earlier)
    return Card(slot.pk, slot.item, uuid4(), earlier, is_correction, rival_first, buttons, criteria)


def _with_besides(cards: list[Card], round: Round) -> list[Card]:
    """The cards with the candidates that the round's item set shows beside its items, if it shows any."""
    if not round.item_set.made_from.get("beside"):
        return cards
    entries = ItemSetEntry.objects.filter(
        item_set=round.item_set_id, item__in=[card.item.pk for card in cards]
    )
    known = {entry.item_id: entry.beside for entry in entries.select_related("beside")}
    return [card._replace(beside=known.get(card.item.pk)) for card in cards]


def _earlier_labels(participation: Participation, items: list[int]) -> dict[int, Label]:
    if not items:
        return {}
    labels = Label.objects.filter(round=participation.round_id, rater=participation.rater_id, item__in=items)
    return {label.item_id: label for label in labels.order_by("id")}


def _neighbour(participation: Participation, recent: list[Decided], correcting: Label | None) -> int | None:
    if correcting is None:
        return recent[0].pk if recent else None
    older = participation.labels().filter(pk__lt=correcting.pk).order_by("-pk")
    return older.values_list("pk", flat=True).first()


def _later_label(participation: Participation, correcting: Label) -> int | None:
    newer = participation.labels().filter(pk__gt=correcting.pk).order_by("pk")
    return newer.values_list("pk", flat=True).first()


def _last_decided(recent: list[Decided], aside: list[tuple[int, datetime, str]]) -> int | None:
    """The slot of the newest decision; `aside` are skips and items put off, the newest first."""
    if aside and (not recent or aside[0][1] > recent[0].created_at):
        return aside[0][0]
    return recent[0].slot_id if recent else None


def _pace(moments: list[datetime]) -> float | None:
    """Labels a minute, over those of the last ten that are not long ago; None for fewer than three."""
    moments = [moment for moment in moments if timezone.now() - moment < PACE_WINDOW]
    if len(moments) < 3:
        return None
    seconds = (moments[0] - moments[-1]).total_seconds()
    return 60 * (len(moments) - 1) / seconds if seconds > 0 else None
