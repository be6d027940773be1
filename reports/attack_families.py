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
ATTACKS_OF = {
    "stuffing": "query query_start query_middle query_end"
    " query_words query_words_start query_words_middle query_words_end",
    "instruction": "instruction",
    "injection": "full_score ignore_previous fake_completion fake_reasoning hidden_comment combined",
    "degenerate": "empty repeated master_key_colon master_key_solution master_key_thought",
    "authority": "fake_authority bandwagon",
    "style": "sentiment verbosity",
    "edits": "irrelevant_sentence shuffled_sentences dropped_sentences typos synonyms",
    "order": "order",
}
OF_ATTACK = {attack: family for family, attacks in ATTACKS_OF.items() for attack in attacks.split()}


def family_of(attack: str) -> str:
    """The family of the attack of this name: "" for a clean control, "other" for one not known here."""
    if attack == CLEAN:
        return ""
    return OF_ATTACK.get(attack, "other")


def place_of(family: str) -> int:
    """Where a family stands among the others on pages."""
    return list(FAMILIES).index(family)
