"""Gold items of a round: where their known grades come from."""

import re

from corpus.models import Item, ItemSet, Project, Reference, Rubric
from corpus.variants import is_plain

MOST = 10_000
SEPARATOR = re.compile(r"\s*[,;|\t]\s*|\s+")


class GoldProblem(Exception):
    """The gold items cannot be taken as they were given; says why, line by line."""


def gold_of_set(item_set: ItemSet, *, rubric: Rubric) -> dict[int, int]:
    """The plain items of the set with a reference on this scale, and its grade. Raises GoldProblem."""
    references = Reference.objects.filter(
        is_plain(), item__in=item_set.entries.values("item_id"), grade__in=rubric.values
    ).order_by("item_id")
    found = dict(references.values_list("item_id", "grade")[: MOST + 1])
    if not found:
        kind = "plain item" if item_set.entries.exclude(is_plain()).exists() else "item"
        raise GoldProblem(f"No {kind} of “{item_set}” has a reference; gold items need a known grade.")
    if len(found) > MOST:
        raise GoldProblem(f"“{item_set}” has more than {MOST:,} items with a reference; take a smaller set.")
    return found


def gold_of_lines(text: str, *, project: Project, rubric: Rubric) -> dict[int, int]:
    """Items named one a line, `query id, candidate id[, grade]`; without a grade the item's reference counts.

    Raises GoldProblem, which names the lines (the first ten).
    """
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST:
        raise GoldProblem(f"A round takes at most {MOST:,} gold items.")
    rows = {n: [cell.strip() for cell in SEPARATOR.split(line)] for n, line in lines}
    known = _items(project, [row for row in rows.values() if len(row) in (2, 3)])
    found, problems = {}, []
    for n, row in rows.items():
        item, reference, is_variant = known.get(tuple(row[:2]), (None, None, False))
        grade = row[2] if len(row) == 3 else reference
        if len(row) not in (2, 3):
            problems.append(f"Line {n}: a query's id, a candidate's id and perhaps a grade are wanted.")
        elif item is None:
            problems.append(f"Line {n}: the project has no item of {row[0]} and {row[1]}.")
        elif is_variant:
            problems.append(f"Line {n}: the item of {row[0]} and {row[1]} is a variant, and gold is plain.")
        elif grade is None:
            problems.append(f"Line {n}: the item has no reference; write its grade behind.")
        elif str(grade) not in map(str, rubric.values):
            problems.append(f"Line {n}: {grade} is not a grade of the scale.")
        else:
            found[item] = int(grade)
    if problems:
        raise GoldProblem(" ".join(problems[:10]))
    return found


def _items(project: Project, rows: list[list[str]]) -> dict[tuple[str, str], tuple[int, int | None, bool]]:
    """Of the named items: (query id, candidate id) → (item, its reference's grade or None, is a variant)."""
    items = (
        Item.objects.for_project(project)
        .single()
        .filter(
            query__external_id__in={row[0] for row in rows},
            candidate__external_id__in={row[1] for row in rows},
        )
    )
    names = ("query__external_id", "candidate__external_id", "pk", "reference__grade", "variant")
    return {
        (query, candidate): (item, grade, variant is not None)
        for query, candidate, item, grade, variant in items.values_list(*names)
    }
