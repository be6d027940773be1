"""What an import brought, in words."""

from collections.abc import Mapping
from pathlib import Path

from django import template

from corpus.how_many import how_many
from corpus.models import Job
from exchange.counted import COUNTED
from exchange.kind_guide import FIELD_TITLES, TITLES

register = template.Library()

OUTCOMES = {
    "scored": "Scored, without a grade",
    "abstained": "Abstained",
    "unreadable": "Unreadable: the reply is no grade",
    "out_of_range": "Out of range: the grade is not in the rubric",
    "empty": "Empty",
    "refused": "Refused",
    "error": "Error",
}


@register.filter
def brought(counts: Mapping[str, int] | None) -> str:
    """ "3 queries, 1 candidate and 3 items"; "nothing new" for none."""
    counts = counts or {}
    parts = [how_many(counts[name], *COUNTED[name]) for name in COUNTED if counts.get(name)]
    if not parts:
        return "nothing new"
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@register.filter
def without_grade(outcomes: Mapping[str, int] | None) -> list[tuple[str, int]]:
    """(words, n) of the outcomes other than graded, the most frequent first."""
    rest = [(OUTCOMES.get(name, name), n) for name, n in (outcomes or {}).items() if name != "graded" and n]
    return sorted(rest, key=lambda each: -each[1])


@register.filter
def kind_title(kind: str | None) -> str:
    """The kind of file as the pages name it; "–" while nobody knows."""
    return TITLES.get(kind or "", "–")


@register.filter
def field_title(name: str) -> str:
    return FIELD_TITLES.get(name, name)


@register.filter
def outcome_state(job: Job) -> str:
    """The job's state, with an import's own ways to end."""
    if job.result.get("undone"):
        return "undone"
    if job.state == Job.State.DONE and job.result.get("dry_run"):
        return "checked"
    return job.state


@register.filter
def has_file(job: Job) -> bool:
    """Whether the uploaded file is still on the server."""
    return Path(job.params.get("path", "")).is_file()
