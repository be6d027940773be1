"""Which family an attack counts in: p-values are adjusted within it, and pages keep it together."""

from corpus.models.variant import CLEAN
from judges.conditions.attacks import ATTACKS
from judges.conditions.attacks import FAMILIES as REGISTERED

OTHER = "other"
FAMILIES = {family: family.capitalize() for family in (*REGISTERED, "order", OTHER)}
OF_ATTACK = {attack.name: attack.family for attack in ATTACKS.values()} | {"order": "order"}
"""The order of two candidates is asked of pairwise judges, without an attack of the registry."""


def family_of(attack: str) -> str:
    """The family of the attack of this name: "" for a clean control, "other" for one not known here."""
    if attack == CLEAN:
        return ""
    return OF_ATTACK.get(attack, OTHER)


def place_of(family: str) -> int:
    """Where a family stands among the others on pages."""
    return list(FAMILIES).index(family)
