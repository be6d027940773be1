"""Variants stay out of everything plain: the condition that says so, and the words for it."""

from django.db import connection
from django.db.models import Exists, OuterRef

from corpus.counting import EXACT_UP_TO, Count, count
from corpus.models import Item, Project, Variant

ALL_ARE_VARIANTS = "All items of this project are variants: choose one of their item sets."

# From the few variants to their items, one by one: a join would be planned over all items there are.
UP_TO = """
    SELECT count(*) FROM (
        SELECT FROM corpus_variant variant
        CROSS JOIN LATERAL (SELECT query_id FROM corpus_item WHERE id = variant.item_id OFFSET 0) item
        CROSS JOIN LATERAL (
            SELECT FROM corpus_query WHERE id = item.query_id AND project_id = %(project)s OFFSET 0
        ) query
        LIMIT %(most)s
    ) found
"""


def no_variant(item: str) -> str:
    """SQL for "this item is no variant"; `item` is the column with its key, named with its table.

    Variants are few and are hashed: a join is planned for a single row while its tables have no statistics.
    """
    return f"{item} NOT IN (SELECT item_id FROM corpus_variant)"


def is_plain(item: str = "item_id") -> Exists:
    """The same for a queryset whose rows name an item in this column."""
    return ~Exists(Variant.objects.filter(item=OuterRef(item)))


def has_variants(project: Project) -> bool:
    return _n_up_to(1, project) > 0


def count_variants(project: Project) -> Count:
    """How many variants the project has; past 100,000 an estimate."""
    n = _n_up_to(EXACT_UP_TO + 1, project)
    if n <= EXACT_UP_TO:
        return Count(n, is_estimate=False)
    return count(Variant.objects.filter(item__query__project=project))


def _n_up_to(most: int, project: Project) -> int:
    with connection.cursor() as cursor:
        cursor.execute(UP_TO, {"project": project.pk, "most": most})
        return cursor.fetchone()[0]


def has_only_variants(project: Project) -> bool:
    """Whether the project has items, and none that is plain."""
    items = Item.objects.for_project(project).single()
    return not items.plain().exists() and items.exists()


def why_nothing(project: Project, otherwise: str) -> str:
    """Why there is no item to take: all of them are variants, or else what the caller says."""
    return ALL_ARE_VARIANTS if has_only_variants(project) else otherwise


def say_left_out(project: Project) -> str:
    """ "1,952 variants are left out."; that there is nothing else; empty where there are none."""
    found = count_variants(project)
    if not found.n:
        return ""
    if has_only_variants(project):
        return "All items of this project are variants, which are left out here."
    return "1 variant is left out." if found.n == 1 else f"{_first_upper(found)} variants are left out."


def _first_upper(found: Count) -> str:
    text = str(found)
    return text[:1].upper() + text[1:]
