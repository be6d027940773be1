"""Which cell a condition of verdicts made elsewhere stands for: only people can know."""

from collections.abc import Mapping

from django.db import transaction

from corpus.models import Project
from judges.cells import CELLS
from judges.models import Condition, Run


class PlacingRefused(ValueError):
    """A cell or a condition that there is not; one sentence says which."""


def placeable(project: Project) -> list[Condition]:
    """Conditions with runs outside experiments and in none, by name: those whose cell may be set."""
    runs = Run.objects.filter(condition__project=project)
    outside, planned = (runs.filter(experiment__isnull=each).values("condition") for each in (True, False))
    return list(Condition.objects.filter(pk__in=outside).exclude(pk__in=planned).order_by("name", "-version"))


def place_conditions(project: Project, cells: Mapping[int, str]) -> int:
    """Give conditions (by key) their cells, "" for none; all or nothing; return how many have changed.

    Raises PlacingRefused for an unknown cell and for a condition that is none of `placeable`.
    """
    with transaction.atomic():
        known = {condition.pk: condition for condition in placeable(project)}
        changed = []
        for pk, cell in cells.items():
            if pk not in known:
                raise PlacingRefused("One of these conditions cannot be given a cell any more: look again.")
            if cell and cell not in CELLS:
                raise PlacingRefused(f"“{cell}” is no cell; choose one of {', '.join(CELLS)}.")
            if known[pk].cell != cell:
                known[pk].cell = cell
                changed.append(known[pk])
        Condition.objects.bulk_update(changed, ["cell"])
    return len(changed)
