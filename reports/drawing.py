"""Rounds whose labels are no fair sample: drawn by priority, and not all of their items labelled yet.

Each such label keeps the chance with which its item was drawn (`Label.drawn_with`), so that who exports the
labels can weight by it. Figures here do not: they describe the items drawn, and say so.
"""

from typing import NamedTuple

from annotate.models import Round
from corpus.models import Project


class DrawnRound(NamedTuple):
    """A round in priority order that is under way or ended early."""

    name: str
    n_labels: int
    n_places: int  # labels that would complete it

    def __str__(self) -> str:
        return (
            f"In the round “{self.name}” items are drawn by priority, and {self.n_labels:,} of"
            f" {self.n_places:,} labels are given: figures that rest on them describe the items drawn first,"
            " not the whole item set."
        )


def drawn_rounds(project: Project, *, round: Round | None = None) -> list[DrawnRound]:
    """Those among the rounds on the project's own scale, or this round if it is one. One query."""
    found = project.rounds.filter(order=Round.Order.PRIORITY).with_progress()
    if round:
        found = found.filter(pk=round.pk)
    else:
        found = found.exclude(pk__in=Round.objects.on_other_scales(project).values("pk"))
    return [
        DrawnRound(each.name, each.n_labels, each.n_places)
        for each in found.order_by("id")
        if 0 < each.n_labels < each.n_places
    ]
