"""From a written reply to a grade: strictly, by the form the prompt declares, or not at all.

A prompt's `reply` names one of two forms: `format: json`, an object with the grade under `field`
("grade" where it names none), in a code fence or among other text; or `after`, words behind which the grade
stands ("Grade:"), anywhere in the reply, marked up or not. Thoughts in <think> … </think> are no part of the
reply. The same grade said twice is said once; two different grades are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from judges.scoring.base import Outcome, Scale

FIELD = "grade"
THOUGHTS = re.compile(r"<think>.*?</think>|^.*?</think>|<think>.*$", re.DOTALL | re.IGNORECASE)
MARKUP = r"""[\s*_`:"'“”‘’=\-–—>(\[#]*"""
NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?(?![\w%]|\.\d)")


class Read(NamedTuple):
    """What a reply said: a grade with "graded" alone, and otherwise why there is none."""

    outcome: Outcome
    grade: int | None
    reason: str


def read_grade(text: str, *, reply: Mapping[str, Any], scale: Scale, abstain: str) -> Read:
    """The grade that a reply states in the form `reply` declares; "unreadable" and why where it states none.

    `abstain` is what stands for "cannot judge"; it is read where the scale allows that.
    """
    said = THOUGHTS.sub("", text)
    found = list(_in_json(said, reply) if reply.get("format") == "json" else _behind(said, reply, abstain))
    values = {_value(each, abstain) for each in found}
    if not found:
        return Read("unreadable", None, _missing(reply))
    if len(values) > 1:
        shown = " and ".join(sorted(str(each) for each in set(map(str, found))))
        return Read("unreadable", None, f"the reply states different grades: {shown}")
    (value,) = values
    if value == abstain:
        if scale.may_abstain:
            return Read("abstained", None, "the model says that it cannot judge")
        return Read(
            "unreadable", None, "the reply says that it cannot judge, which the rubric does not allow"
        )
    if value not in scale.values:
        if isinstance(value, str):
            return Read("unreadable", None, f"“{value[:40]}” stands where the grade should")
        shown = ", ".join(map(str, scale.values))
        return Read("out_of_range", None, f"{value:g} is none of the grades {shown}")
    return Read("graded", int(value), "")


def reply_schema(reply: Mapping[str, Any], *, scale: Scale, abstain: str) -> dict[str, Any] | None:
    """The JSON schema of a reply in JSON: reasons first, then a grade of the scale; None for other forms."""
    if reply.get("format") != "json":
        return None
    grades: list[Any] = [*scale.values, *([abstain] if scale.may_abstain else [])]
    field = str(reply.get("field", FIELD))
    return {
        "type": "object",
        "properties": {"reasons": {"type": "string"}, field: {"enum": grades}},
        "required": ["reasons", field],
        "additionalProperties": False,
    }


def criteria_schema(scale: Scale, *, abstain: str) -> dict[str, Any]:
    """The JSON schema of a reply that grades several criteria: reasons first, then a grade for each."""
    also = [abstain] if scale.may_abstain else []
    fields = {criterion.name: {"enum": [*criterion.values, *also]} for criterion in scale.criteria}
    return {
        "type": "object",
        "properties": {"reasons": {"type": "string"}, **fields},
        "required": ["reasons", *fields],
        "additionalProperties": False,
    }


def _in_json(text: str, reply: Mapping[str, Any]) -> Iterator[Any]:
    """The grade's field in every outermost JSON object of the text."""
    decoder, place, field = json.JSONDecoder(), text.find("{"), str(reply.get("field", FIELD))
    while place >= 0:
        try:
            found, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError:
            end = place + 1
        else:
            if isinstance(found, dict) and field in found:
                yield found[field]
        place = text.find("{", end)


def _behind(text: str, reply: Mapping[str, Any], abstain: str) -> Iterator[str]:
    """What stands behind each place of the words: a number or the letter for "cannot judge"."""
    words = r"\s+".join(re.escape(word) for word in str(reply["after"]).rstrip(" :").split())
    for match in re.finditer(rf"\b{words}\b{MARKUP}", text, re.IGNORECASE):
        rest = text[match.end() :]
        number = NUMBER.match(rest)
        if number:
            yield number[0]
        elif re.match(rf"{re.escape(abstain)}(?!\w)", rest):
            yield abstain


def _value(found: Any, abstain: str) -> Any:
    """A number where it is one, also as text ("2", "2.0"); everything else as it stands, shortened."""
    if isinstance(found, bool) or found is None or isinstance(found, dict | list):
        return json.dumps(found)
    if isinstance(found, int | float):
        return found
    text = str(found).strip()
    if text == abstain:
        return abstain
    return float(text) if NUMBER.fullmatch(text) else text


def _missing(reply: Mapping[str, Any]) -> str:
    if reply.get("format") == "json":
        return f"the reply holds no JSON object with “{reply.get('field', FIELD)}”"
    return f"no grade stands behind “{reply['after']}” in the reply"
