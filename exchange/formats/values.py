"""One value of one row, looked at closely: each function returns it as it will be stored or raises `Unfit`.

A value is a cell's text, or whatever JSON holds. These run where a row is not plainly right; what is plainly
right takes the quick path of its kind, which must come to the same result.
"""

import json
import math
from unicodedata import category

import orjson

from exchange.formats.rows import Metadata

ID_LIMIT = 500
NO_NUMBER = frozenset({"", "na", "n/a", "nan", "none", "null", "-"})
YES = frozenset({"1", "true", "yes", "y", "x"})
NO = frozenset({"", "0", "false", "no", "n"})


class Unfit(ValueError):
    """The value cannot be stored; the message says why and how to mend it."""


def plain_text(value: object) -> str:
    """Any text; null is the empty text, a number its digits."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(f"Expected a text, found {_said(value)}. Put the text in double quotes.")
    text = str(value)
    if "\0" in text:
        raise Unfit("The text holds a NUL character, which cannot be stored. Take it out.")
    return text


def name_text(value: object) -> str:
    """A name (of a judge, rater, condition …): one line of at most 500 characters, or empty."""
    if value is None:
        return ""
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        raise Unfit(f"Expected a name or an id, found {_said(value)}. Write it as text.")
    text = str(value).strip()
    if len(text) > ID_LIMIT:
        raise Unfit(f"It has {len(text):,} characters; {ID_LIMIT} is the most. Is this the right column?")
    if not text.isprintable():
        for place, character in enumerate(text, start=1):
            if category(character) in ("Cc", "Zl", "Zp"):
                raise Unfit(
                    f"Character {place} is the control character U+{ord(character):04X}. Take it out."
                )
    return text


def id_text(value: object) -> str:
    """An id: a name that is not empty. Blanks around it do not belong to it; whole numbers are ids too."""
    text = name_text(value)
    if not text:
        raise Unfit("The id is empty. Every row needs one.")
    return text


def grade_text(value: object) -> str | None:
    """A grade as it came, None where it is empty. Whether it fits the rubric is for the caller to say."""
    if type(value) is str:
        if "\0" in value:
            raise Unfit("The grade holds a NUL character, which cannot be stored. Take it out.")
        return value if value.strip() else None
    if value is None:
        return None
    return orjson.dumps(value).decode()


def number_or_none(value: object) -> float | None:
    """A finite number; None where it is empty or says so (NA, NaN, null, …)."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(f"Expected a number, found {_said(value)}.")
    if isinstance(value, str) and value.strip().lower() in NO_NUMBER:
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        parsed = math.nan
    if not math.isfinite(parsed) or (isinstance(value, str) and "_" in value):
        raise Unfit(f"{_said(value)} is no finite number. Write it with a decimal point, or leave it empty.")
    return parsed


def number(value: object) -> float:
    """A finite number that has to be there."""
    parsed = number_or_none(value)
    if parsed is None:
        raise Unfit("The number is missing. Every row needs one.")
    return parsed


def yes_or_no(value: object) -> bool:
    """True for true, yes, y, x, 1; False for false, no, n, 0 and nothing."""
    said = "" if value is None else str(value).strip().lower()
    if said in YES:
        return True
    if said in NO:
        return False
    raise Unfit(f"{_said(value)} is neither yes nor no. Write true or false.")


def metadata_or_none(value: object) -> Metadata | None:
    """A JSON object, or a cell that holds one; anything else is kept under the name "metadata"."""
    if value is None or value == "":
        return None
    found = value
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            found = orjson.loads(value)
        except orjson.JSONDecodeError:
            found = value
    kept: Metadata = found if isinstance(found, dict) else {"metadata": found}
    if not is_storable(kept):
        raise Unfit("The columns kept as metadata hold a NUL character, which cannot be stored. Take it out.")
    return kept or None


def is_storable(metadata: object) -> bool:
    """Is this a JSON object without NUL characters, so that PostgreSQL takes it?"""
    if type(metadata) is not dict:
        return False
    try:
        return "\0" not in "".join((*metadata, *metadata.values()))
    except TypeError:  # not all of its values are texts
        pass
    written = orjson.dumps(metadata)
    return b"\\u0000" not in written or "\\u0000" not in _without_backslashes(written)


def _without_backslashes(written: bytes) -> str:
    """JSON in which an escaped backslash can no longer be mistaken for the start of an escape."""
    return written.decode().replace("\\\\", "")


def _said(value: object) -> str:
    """The value in words, short enough for a sentence."""
    if isinstance(value, dict):
        return "a JSON object"
    if isinstance(value, list):
        return "a JSON list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + '…"'
