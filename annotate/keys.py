"""The keys of the labelling screen: what each does, as shipped and as a user has chosen them.

The digits always give the grade of their number; a user may give grades 0–9 a second key. `?`, the arrows,
Enter, Esc and Ctrl+Z are fixed.
"""

from django.core.exceptions import ValidationError

from annotate.models import KeyMap
from corpus.models import Rubric, User

ACTIONS = {
    "skip": ("s", "Skip: others grade the item, it does not come back to me"),
    "later": ("l", "Later: the item comes back to me at the end"),
    "cannot_judge": ("c", "Can’t judge: an answer, without a grade"),
    "undo": ("u", "Undo my last answer, skip or “later”"),
    "rationale": ("e", "Write a rationale; Esc leaves it"),
    "flag": ("f", "Flag: send the managers a note about the item"),
    "more": ("m", "More: unfold a long text"),
    "guidelines": ("g", "Show or hide the guidelines"),
    "yes": ("y", "Yes, on scales with two grades"),
    "no": ("n", "No, on scales with two grades"),
} | {f"grade_{value}": ("", f"Grade {value}, beside its digit") for value in range(10)}
ALLOWED = "abcdefghijklmnopqrstuvwxyzäöüßéèàçñåøæ,.;:-+#<>[]'/*=!§$%&()_"
SPARE = "tabdijkpqrvwxyzoh"  # for grades from ten up, where nothing else has the letter


def keys_of(user: User) -> dict[str, str]:
    """The user's key of every action ("" for none)."""
    stored = KeyMap.objects.filter(user=user).values_list("keys", flat=True).first() or {}
    chosen = {action: stored[action] for action in ACTIONS if isinstance(stored.get(action), str)}
    return {action: key for action, (key, _) in ACTIONS.items()} | chosen


def check_keys(keys: dict[str, str]) -> None:
    """Raise ValidationError (by action) for a key that is none or that two actions have."""
    errors: dict[str, str] = {}
    taken: dict[str, str] = {}
    for action, key in keys.items():
        if not key:
            continue
        if len(key) != 1 or key not in ALLOWED:
            errors[action] = "One letter or sign; digits, ? and the arrows have a meaning already."
        elif key in taken:
            errors[action] = f"“{key}” is the key of another action: {ACTIONS[taken[key]][1]}."
        else:
            taken[key] = action
    if errors:
        raise ValidationError(errors)


def save_keys(user: User, keys: dict[str, str]) -> None:
    """Keep the user's keys. Raises ValidationError on collisions."""
    check_keys(keys)
    KeyMap.objects.update_or_create(user=user, defaults={"keys": keys})


def keys_for(user: User, rubric: Rubric) -> dict[str, str]:
    """The user's keys, and a spare letter for each grade from ten up of this scale."""
    keys = keys_of(user)
    spare = (letter for letter in SPARE if letter not in keys.values())
    large = (value for value in rubric.values if value > 9)
    return keys | {f"grade_{value}": letter for value, letter in zip(large, spare, strict=False)}
