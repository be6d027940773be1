"""Variants stay out of everything plain: the condition that says so, and the words for it."""

from django.db.models import Exists, OuterRef

from corpus.counting import Count, count
from corpus.models import Item, Project, Variant

ALL_ARE_VARIANTS = "All items of this project are variants: choose one of their item sets."


def no_variant(item: str) -> str:
    """SQL for "this item is no variant"; `item` is the column with its key, named with its table."""
    if "." not in item:
        raise ValueError(f"{item} would be taken for the column of the inner table.")
    return f"NOT EXISTS (SELECT FROM corpus_variant WHERE corpus_variant.item_id = {item})"


def is_plain(item: str = "item_id") -> Exists:
    """The same for a queryset whose rows name an item in this column."""
    return ~Exists(Variant.objects.filter(item=OuterRef(item)))


def has_variants(project: Project) -> bool:
    return Variant.objects.filter(item__query__project=project).exists()


def count_variants(project: Project) -> Count:
    """How many variants the project has."""
    return count(Variant.objects.filter(item__query__project=project))


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
