"""attacks: pairs whose candidate was changed to see whether a judge bends, with what was done to it."""

import math

from exchange.formats import names, pairs
from exchange.formats.kind import MISSING, Field, Kind, Values, new_row
from exchange.formats.rows import AttackRow
from exchange.formats.values import Unfit, name_text, number_or_none, plain_text

LONGEST_NAME = 50
MOST_WORDS = 2**31 - 1  # of PostgreSQL's integer
CLEAN = "none"
RIGHTS = ("grade", "abstain", "open")


def variant_name(value: object) -> str:
    """A carrier's or an attack's name: one line of at most 50 characters, or empty."""
    name = name_text(value)
    if len(name) > LONGEST_NAME:
        raise Unfit(f"The name has {len(name)} characters; {LONGEST_NAME} is the most.")
    return CLEAN if name.lower() == CLEAN else name


def carrier_name(value: object) -> str:
    """What was attacked; it has to be there."""
    name = variant_name(value)
    if not name:
        raise Unfit("The carrier is empty. Write what was attacked, for example random or nonrelevant.")
    return name


def attack_name(value: object) -> str:
    """What was done; it has to be there."""
    name = variant_name(value)
    if not name:
        raise Unfit(f"The attack is empty. Write what was done, or {CLEAN} for a clean control.")
    return name


def whole_words(value: object) -> int:
    """A whole number from 0 up; 0 where it is empty."""
    try:
        number = number_or_none(value) or 0.0
    except Unfit:
        number = math.nan
    if not (0 <= number <= MOST_WORDS and number.is_integer()):
        raise Unfit("The words are no whole number. Write 0, 1, 2, … or leave it empty.")
    return int(number)


def what_is_right(value: object) -> str:
    """What a judge has to do: "grade" (where nothing is said) or "abstain"."""
    said = name_text(value).lower() or RIGHTS[0]
    if said not in RIGHTS:
        raise Unfit(
            "What is right is to grade, to abstain, or open. Write grade, abstain, open, or leave it empty."
        )
    return said


FIELDS = (
    *pairs.FIELDS[:6],
    Field("carrier", carrier_name, MISSING),
    Field("attack", attack_name, MISSING, names.ATTACK),
    Field("words", whole_words, 0, names.WORDS),
    Field("original_candidate", plain_text, "", names.ORIGINAL),
    Field("original_candidate_id", name_text, "", names.ORIGINAL_ID),
    Field("right", what_is_right, "grade"),
    *pairs.FIELDS[6:],
)


def quick_attack(line: int, values: Values) -> AttackRow | None:
    """The row, where it is plainly a pair, names are short and clean, and the words are whole."""
    pair = pairs.quick_pair(line, (*values[:6], *values[12:]))
    if pair is None:
        return None
    try:
        variant = (
            carrier_name(values[6]),
            attack_name(values[7]),
            whole_words(values[8]),
            plain_text(values[9]),
            name_text(values[10]),
            what_is_right(values[11]),
        )
    except Unfit:
        return None
    return new_row(AttackRow, (*pair[:7], *variant, *pair[7:]))


KIND = Kind("attacks", AttackRow, FIELDS, quick_attack)
