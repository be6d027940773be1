"""The attacks: each a small pure function from an item's texts to the text of an attacked candidate.

The order of two candidates is no attack here: a pairwise judge is asked in both orders anyway, and its
verdicts say how far the place decided (judges.looking.place_pull). All words are our own; the papers named
are where the ideas come from.
"""

from __future__ import annotations

from judges.conditions.attacks.base import CARRIERS, FAMILIES, Attack, AttackProblem, Truth, dice
from judges.conditions.attacks.carriers import RANDOM_WORDS, random_words
from judges.conditions.attacks.degenerate import DEGENERATE
from judges.conditions.attacks.edits import EDITS
from judges.conditions.attacks.orders import ORDERS
from judges.conditions.attacks.persuasion import PERSUASION
from judges.conditions.attacks.stuffing import STUFFING
from judges.scoring.base import JudgedItem

__all__ = [
    "ATTACKS",
    "CARRIERS",
    "FAMILIES",
    "RANDOM_WORDS",
    "Attack",
    "AttackProblem",
    "attack_text",
    "attack_title",
    "control_text",
    "doses_on",
    "truth_on",
]

ATTACKS: dict[str, Attack] = {
    attack.name: attack for attack in (*STUFFING, *ORDERS, *DEGENERATE, *PERSUASION, *EDITS)
}


def attack_text(name: str, item: JudgedItem, *, dose: int = 0, seed: int = 0, carrier: str = "same") -> str:
    """The candidate of the item under this attack; the same for the same texts, dose and seed.

    On the carrier "random" the candidate is random words and the dose says how many (one of RANDOM_WORDS);
    on every other it is the item's own, and the dose is one of the attack's. 0 is the first dose there is.
    A text in which the attack finds nothing to change comes back as it is. Raises AttackProblem.
    """
    attack = _find(name)
    dose = _read_dose(attack, dose, carrier)
    item = _on_carrier(item, dose, seed, carrier)
    if carrier == "random":
        dose = attack.doses[0]
    rng = dice("attack", name, dose, seed, item.query, item.candidate)
    return attack.apply(item, dose=dose, rng=rng)


def control_text(
    name: str, item: JudgedItem, *, dose: int = 0, seed: int = 0, carrier: str = "same"
) -> str | None:
    """The matched clean candidate: the same random words without the attack, None where it is the item.

    All attacks on the same random words have one control. Raises AttackProblem.
    """
    dose = _read_dose(_find(name), dose, carrier)
    return _on_carrier(item, dose, seed, carrier).candidate if carrier == "random" else None


def attack_title(name: str, item: JudgedItem, *, carrier: str = "same") -> str:
    """The title that goes with the attacked candidate: none where nothing of the candidate is left."""
    return "" if truth_on(name, carrier) == "lowest" else item.title or ""


def truth_on(name: str, carrier: str) -> Truth:
    """What becomes of the human grade (see Attack.truth); on random words the lowest grade is right."""
    return "lowest" if carrier == "random" else _find(name).truth


def doses_on(name: str, carrier: str) -> tuple[int, ...]:
    """The doses of the attack on this carrier; on random words how many of them there are."""
    return RANDOM_WORDS if carrier == "random" else _find(name).doses


def _find(name: str) -> Attack:
    if name not in ATTACKS:
        raise AttackProblem(f"there is no attack “{name}”; the attacks are {', '.join(ATTACKS)}")
    return ATTACKS[name]


def _read_dose(attack: Attack, dose: int, carrier: str) -> int:
    if carrier not in CARRIERS:
        raise AttackProblem(f"there is no carrier “{carrier}”; the carriers are {', '.join(CARRIERS)}")
    if carrier == "random" and carrier not in attack.carriers:
        raise AttackProblem(f"the attack “{attack.name}” makes no sense on random words")
    doses = doses_on(attack.name, carrier)
    if dose and dose not in doses:
        shown = ", ".join(map(str, doses))
        raise AttackProblem(
            f"the attack “{attack.name}” has no dose {dose} on “{carrier}”; there are {shown}"
        )
    return dose or doses[0]


def _on_carrier(item: JudgedItem, dose: int, seed: int, carrier: str) -> JudgedItem:
    item = item._replace(query=item.query or "", candidate=item.candidate or "")
    if carrier != "random":
        return item
    return item._replace(title="", candidate=random_words(dose, item, seed=seed))
