"""Which family an attack counts in: p-values are adjusted within it, and pages keep it together."""

from corpus.models.variant import CLEAN

FAMILIES = {
    "stuffing": "Stuffing",
    "instruction": "Instruction",
    "injection": "Injection",
    "degenerate": "Degenerate",
    "authority": "Authority",
    "style": "Style",
    "edits": "Edits",
    "order": "Order",
    "other": "Other",
}
OF_ATTACK = {
    "query": "stuffing",
    "query_words": "stuffing",
    "instruction": "instruction",
}


def family_of(attack: str) -> str:
    """The family of the attack of this name: "" for a clean control, "other" for one not known here."""
    if attack == CLEAN:
        return ""
    return OF_ATTACK.get(attack, "other")


def place_of(family: str) -> int:
    """Where a family stands among the others on pages."""
    return list(FAMILIES).index(family)
