"""What the services of experiments share: their refusal, and names that are free."""

from django.utils import timezone

from corpus.models import Project


class ExperimentRefused(Exception):
    """The experiment cannot be made, planned or started like this; one sentence says why."""


def free_name(project: Project, wanted: str) -> str:
    """The name with today's date, numbered where an item set is called that already."""
    dated = f"{wanted}, {timezone.now():%Y-%m-%d}"
    taken = set(project.item_sets.filter(name__startswith=dated).values_list("name", flat=True))
    numbered = (f"{dated} ({number})" for number in range(2, len(taken) + 3))
    return next(name for name in (dated, *numbered) if name not in taken)
