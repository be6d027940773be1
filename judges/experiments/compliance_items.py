"""The items of a compliance experiment: some that can be graded, and some where grading is a trap."""

from collections.abc import Collection
from typing import NamedTuple

from django.db import transaction

from corpus.making_variants import Changed, store_variants
from corpus.models import ItemSet, Project
from corpus.services import freeze_items
from judges.conditions.boundary import BOUNDARY_KINDS, boundary_texts
from judges.experiments.drawing import Drawn, draw_items
from judges.experiments.refusing import ExperimentRefused, free_name

CARRIER = "boundary"
MOST_ITEMS = 20_000


class ComplianceItems(NamedTuple):
    """What was made: the set, and how many items of each family are in it."""

    item_set: ItemSet
    families: dict[str, int]  # "answerable" first, then the kinds of boundary case


@transaction.atomic
def make_compliance_items(
    project: Project,
    *,
    n_answerable: int,
    n_each: int,
    kinds: Collection[str] = tuple(BOUNDARY_KINDS),
    seed: int = 0,
) -> ComplianceItems:
    """An item set of `n_answerable` items as they are and `n_each` boundary cases of every kind.

    Both are made from items that people graded, drawn by lot with this seed; the same again is the same
    set. A boundary case is made from an item that is not among the answerable ones where there are enough.
    Raises ExperimentRefused.
    """
    kinds = [kind for kind in BOUNDARY_KINDS if kind in kinds]
    if n_answerable < 1 and not (kinds and n_each):
        raise ExperimentRefused("An experiment needs items: take some answerable ones, or boundary cases.")
    if n_answerable + n_each * len(kinds) > MOST_ITEMS:
        raise ExperimentRefused(f"That is more than {MOST_ITEMS:,} items; take fewer.")
    made_from = {
        "rule": "compliance",
        "n_answerable": n_answerable,
        "n_each": n_each,
        "kinds": kinds,
        "seed": seed,
        "reference_version": project.reference_version,
    }
    values = project.rubric.values
    answerable = draw_items(project, n=n_answerable, seed=seed, grades=values)
    if not answerable and n_answerable:
        raise ExperimentRefused(
            "No item has both a human grade and its texts: import pairs with grades, or label some first."
        )
    rest = draw_items(
        project,
        n=n_each * len(kinds),
        seed=seed,
        grades=values,
        without=[each.item_id for each in answerable],
    )
    sources = rest or answerable
    changed = [
        _changed(sources[(at * n_each + turn) % len(sources)], kind, values=values, seed=seed)
        for at, kind in enumerate(kinds)
        for turn in range(n_each)
    ]
    made = store_variants(project, changed)
    families = {"answerable": len(answerable)} | {
        kind: len({item for item, each in zip(made, changed, strict=True) if each.attack == kind})
        for kind in kinds
    }
    listed = [
        [family, n] for family, n in families.items()
    ]  # JSONB would put a mapping's keys in another order
    existing = project.item_sets.filter(made_from=made_from | {"families": listed}).first()
    if existing:
        return ComplianceItems(existing, families)
    items = [*(each.item_id for each in answerable), *dict.fromkeys(made)]
    item_set = freeze_items(
        project,
        items,
        name=free_name(project, "Compliance items"),
        made_from=made_from | {"families": listed},
    )
    return ComplianceItems(item_set, families)


def _changed(drawn: Drawn, kind: str, *, values: list[int], seed: int) -> Changed:
    texts = boundary_texts(kind, drawn.texts, grade=drawn.grade, values=values, seed=seed)
    return Changed(
        query_id=drawn.query_id,
        original_id=drawn.item_id,
        stem=drawn.candidate_name,
        carrier=CARRIER,
        attack=kind,
        words=0,
        title=texts.title,
        candidate=texts.candidate,
        query=texts.query if texts.query != drawn.texts.query else None,
        right=texts.right,
    )
