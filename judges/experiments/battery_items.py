"""The items of a robustness battery: a project's own items, clean, and the same under every attack."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db import transaction

from corpus.making_variants import Changed, store_variants
from corpus.models import ItemSet, Project
from corpus.models.variant import CLEAN, Right
from corpus.services import freeze_items
from judges.conditions.attacks import (
    ATTACKS,
    attack_text,
    attack_title,
    control_text,
    doses_on,
    truth_on,
)
from judges.experiments.drawing import Drawn, draw_items, one_per_query
from judges.experiments.refusing import ExperimentRefused, free_name

MOST_ITEMS = 50_000
MOST_DRAWN = 20_000  # items looked through for one of each query
RANDOM = "random"


class BatteryItems(NamedTuple):
    """What was made: everything to be judged, and the clean items alone."""

    item_set: ItemSet
    clean_set: ItemSet | None


class Carrier(NamedTuple):
    """Items by lot that attacks are put on."""

    name: str
    drawn: list[Drawn]


def carriers_of(attack: str) -> list[str]:
    """What the battery puts this attack on; one that goes on anything gets relevant candidates."""
    named = [carrier for carrier in ATTACKS[attack].carriers if carrier != "same"]
    return named or ["relevant"]


@transaction.atomic
def make_battery_items(
    project: Project,
    *,
    n_each: int,
    attacks: Collection[str] = tuple(ATTACKS),
    words: Collection[int] = (100,),
    seed: int = 0,
) -> BatteryItems:
    """Item sets of `n_each` items of every carrier, clean and under each attack in all its doses.

    Random words stand in the place of a candidate of `n_each` queries, so many `words` of them. Drawn by lot
    among the items that people graded; the same seed gives the same items. Raises ExperimentRefused.
    """
    attacks = [attack for attack in ATTACKS if attack in attacks]
    if not attacks:
        raise ExperimentRefused("Choose at least one attack.")
    carriers = _draw(project, attacks, n_each=n_each, seed=seed)
    changed = [
        each
        for carrier in carriers
        for drawn in carrier.drawn
        for each in _attacked(project, carrier.name, drawn, attacks, words=words, seed=seed)
    ]
    if not changed:
        raise ExperimentRefused(
            "No item can be attacked: people have graded none whose texts are known."
            " Import pairs with grades, or label some first."
        )
    originals = list(
        dict.fromkeys(
            each.item_id for carrier in carriers if carrier.name != RANDOM for each in carrier.drawn
        )
    )
    if len(changed) + len(originals) > MOST_ITEMS:
        raise ExperimentRefused(
            f"These are {len(changed) + len(originals):,} items; a battery has {MOST_ITEMS:,} at most."
            " Take fewer items of each carrier, or fewer attacks."
        )
    made = store_variants(project, changed)
    controls = [item for item, each in zip(made, changed, strict=True) if each.attack == CLEAN]
    clean = list(dict.fromkeys([*originals, *controls]))
    everything = list(dict.fromkeys([*clean, *made]))
    made_from = {"n_each": n_each, "attacks": attacks, "words": list(words), "seed": seed}
    name = free_name(project, "Battery items")
    return BatteryItems(
        freeze_items(project, everything, name=name, made_from={"rule": "battery"} | made_from),
        freeze_items(project, clean, name=f"{name}, clean", made_from={"rule": "battery, clean"} | made_from),
    )


def clean_set_of(item_set: ItemSet) -> ItemSet | None:
    """The clean items that were made with this set of a battery."""
    return item_set.project.item_sets.filter(name=f"{item_set.name}, clean").first()


def _draw(project: Project, attacks: Collection[str], *, n_each: int, seed: int) -> list[Carrier]:
    wanted = {carrier for attack in attacks for carrier in carriers_of(attack)}
    rubric = project.rubric
    grades = {
        "nonrelevant": [value for value in rubric.values if value < rubric.cut],
        "relevant": [value for value in rubric.values if value >= rubric.cut],
    }
    carriers = [
        Carrier(name, draw_items(project, n=n_each, seed=seed, grades=of))
        for name, of in grades.items()
        if name in wanted
    ]
    if RANDOM in wanted:
        drawn = one_per_query(draw_items(project, n=MOST_DRAWN, seed=seed, grades=rubric.values))
        carriers.append(Carrier(RANDOM, drawn[:n_each]))
    return carriers


def _attacked(
    project: Project,
    carrier: str,
    drawn: Drawn,
    attacks: Collection[str],
    *,
    words: Collection[int],
    seed: int,
) -> Iterator[Changed]:
    """The item under every attack that goes on this carrier; random words also without any."""
    is_random = carrier == RANDOM
    lowest = project.rubric.values[0]
    controlled: set[int] = set()
    for attack in attacks:
        if carrier not in carriers_of(attack):
            continue
        on = carrier if carrier in ATTACKS[attack].carriers else "same"
        truth = truth_on(attack, on)
        for dose in doses_on(attack, on):
            if is_random and dose not in words:
                continue
            made = Changed(
                query_id=drawn.query_id,
                original_id=None if is_random else drawn.item_id,
                stem=drawn.query_name if is_random else drawn.candidate_name,
                carrier=carrier,
                attack=attack,
                words=dose,
                title=attack_title(attack, drawn.texts, carrier=on),
                candidate=attack_text(attack, drawn.texts, dose=dose, seed=seed, carrier=on),
                grade=lowest if truth == "lowest" else None,
                right=Right.OPEN if truth == "open" else Right.GRADE,
            )
            yield made
            control = control_text(attack, drawn.texts, dose=dose, seed=seed, carrier=on)
            if control is not None and dose not in controlled:
                controlled.add(dose)
                yield made._replace(attack=CLEAN, candidate=control)
