"""What labelling tools write: tasks, each with what several people and models answered to it.

A tool's module turns one record of its files into a `Task`; which of a task's fields is the query and which
answer is the grade differs with everybody's template, and is found out afterwards (`answer_columns`).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from exchange.formats import names
from exchange.formats.attacks import variant_name, what_is_right, whole_words
from exchange.formats.kind import Field
from exchange.formats.values import (
    Unfit,
    grade_text,
    metadata_or_none,
    name_text,
    plain_text,
    yes_or_no,
)

PERSON, JUDGE = "person", "judge"


class Answer(NamedTuple):
    """What one person or one model said to one task.

    rater: "" where the file names nobody. said: question → what was chosen (a text, a number, or a list of
    them). wrote: question → text in their own words. A value that may be either stands in both. prefers: of
    two candidates "left" or "right". is_skipped: they were shown the task and gave no answer.
    """

    rater_kind: str
    rater: str
    said: dict[str, Any]
    wrote: dict[str, Any] = {}
    score: float | None = None
    prefers: str = ""
    is_skipped: bool = False
    created_at: str = ""
    seconds: float | None = None


class Task(NamedTuple):
    """fields: what was shown, and whatever else the file keeps beside it."""

    fields: dict[str, Any]
    answers: Sequence[Answer]


class Tool(NamedTuple):
    """How a tool's files are read. title: the tool's own name.

    tasks_of: a record, as JSON or a row of cells by column, → its task; None for a record that asks nobody
    anything. Raises Unfit where the record is none of the tool's. looks_like: whether these records are the
    tool's, for files of which nobody said it. within: the key under which a JSON object holds the records.
    """

    title: str
    tasks_of: Callable[[dict[str, Any]], Task | None]
    looks_like: Callable[[Sequence[dict[str, Any]]], bool]
    within: str = ""


def _of_two(number: str, letter: str, side: str) -> tuple[str, ...]:
    """How the candidate on one side of a pair is called: text1, answer_b, right …"""
    things = ("text", "answer", "response", "candidate", "completion", "output", "option")
    named = [f"{thing}{join}{sign}" for thing in things for sign in (number, letter) for join in ("", "_")]
    return (*named, side)


VARIANT_FIELDS = (
    Field("variant_carrier", variant_name),
    Field("variant_attack", variant_name),
    Field("variant_words", whole_words, 0),
    Field("variant_right", what_is_right, "grade"),
    Field("original_query_id", name_text),
    Field("original_candidate_id", name_text),
)
"""What a task says of an attacked candidate; by longer names, since `right` is a side of a comparison."""

TASK_FIELDS = (
    Field("query_id", name_text, "", names.QUERY_ID),
    Field("query", plain_text, "", (*names.QUERY, "prompt", "input")),
    Field("need", plain_text, "", names.NEED),
    Field("candidate_id", name_text, "", names.CANDIDATE_ID),
    Field("title", plain_text, "", names.TITLE),
    Field(
        *("candidate", plain_text, ""),
        (*names.CANDIDATE, "answer", "response", "completion", "output", *_of_two("1", "a", "left")),
    ),
    Field("rival_id", name_text, ""),
    Field("rival_title", plain_text, ""),
    Field("rival", plain_text, "", _of_two("2", "b", "right")),
    *VARIANT_FIELDS,
    Field("rater", name_text, "", names.RATER),
    Field("metadata", metadata_or_none, None),
)
ANSWER_FIELDS = (
    Field("grade", grade_text, None, (*names.GRADE, "score", "choice", "class")),
    Field("rationale", plain_text, "", ("reason", "explanation", "comment", "comments", "note", "notes")),
    Field("cannot_judge", yes_or_no, None, ("cant_judge", "cant_tell", "unrateable", "unjudgeable")),
    Field("rater", name_text, "", names.RATER),
    Field("judge", name_text, ""),
)
FIELDS = (*TASK_FIELDS[:-2], *ANSWER_FIELDS, TASK_FIELDS[-1])


def texts(value: object) -> str:
    """A text of its own, or several put together, a line each."""
    if isinstance(value, list):
        return "\n".join(map(plain_text, value))
    return plain_text(value)


def number(value: object) -> float | None:
    """A finite number; None for anything else, which a tool may well write there."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if abs(parsed) < float("inf") else None


def object_in(value: object) -> dict[str, Any]:
    """The object that the value is, or that its text says; an empty one for anything else."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def the_list(value: object, name: str) -> list[Any]:
    """The value, which has to be a list, or nothing."""
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise Unfit(f"What stands under “{name}” is no list. Export the file from the tool again.")
    return value


def the_object(value: object, name: str) -> dict[str, Any]:
    """The value, which has to be an object, or nothing."""
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise Unfit(f"What stands under “{name}” is no object. Export the file from the tool again.")
    return value
