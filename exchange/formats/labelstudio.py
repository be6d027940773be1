"""labelstudio: Label Studio's exports. JSON (tasks with annotations and predictions), JSON_MIN, CSV and TSV.

Before version 1.0 annotations were called completions, and their times were seconds since 1970. JSON_MIN, CSV
and TSV have a row for each annotation, the data's keys and the answers' names side by side.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from exchange.formats.answers import (
    FIELDS,
    JUDGE,
    PERSON,
    Answer,
    Task,
    Tool,
    number,
    the_list,
    the_object,
)
from exchange.formats.kind import Kind, never_quick
from exchange.formats.rows import GradeRow
from exchange.formats.values import Unfit

ANSWERS = ("annotations", "completions")
ABOUT_A_FLAT_ROW = frozenset(
    ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "was_cancelled")
)
CHOSEN = {"choices": "choices", "rating": "rating", "number": "number"}
"""Type of a result → where its value stands."""


def tasks_of(record: dict[str, Any]) -> Task:
    """A task of the JSON export, or an annotation of the flat ones."""
    if "data" not in record:
        return _flat(record)
    data = the_object(record["data"], "data")
    people = [
        _person(answer, data)
        for name in ANSWERS
        for answer in the_list(record.get(name), name)
        if isinstance(answer, dict)  # a snapshot may hold numbers for answers that were left out
    ]
    judges = [
        Answer(
            JUDGE,
            str(prediction.get("model_version") or ""),
            *_results(prediction, data),
            prefers=_preferred(prediction),
            score=number(prediction.get("score")),
            created_at=_moment(prediction.get("created_at")),
        )
        for prediction in the_list(record.get("predictions"), "predictions")
        if isinstance(prediction, dict)
    ]
    return Task(data, [*people, *judges])


def looks_like(records: Sequence[dict[str, Any]]) -> bool:
    return all(
        (isinstance(record.get("data"), dict) and bool(record.keys() & {*ANSWERS, "predictions"}))
        or {"annotation_id", "annotator", "lead_time"} <= record.keys()
        for record in records
    )


def _person(annotation: dict[str, Any], data: Mapping[str, Any]) -> Answer:
    return Answer(
        PERSON,
        _name(annotation.get("completed_by")),
        *_results(annotation, data),
        prefers=_preferred(annotation),
        is_skipped=bool(annotation.get("was_cancelled") or annotation.get("skipped")),
        created_at=_moment(annotation.get("created_at")),
        seconds=_seconds(annotation.get("lead_time")),
    )


def _results(answer: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what was chosen, what was written) by the name of the control; boxes, spans and the like are left."""
    said: dict[str, Any] = {}
    wrote: dict[str, Any] = {}
    for result in the_list(answer.get("result"), "result"):
        if not isinstance(result, dict) or not isinstance(value := result.get("value"), dict):
            raise Unfit("A result has no value. Export the file from Label Studio again.")
        name = str(result.get("from_name", ""))
        name = f"{name} (answer)" if name in data else name
        kind = result.get("type")
        if isinstance(kind, str) and kind in CHOSEN:
            said[name] = value.get(CHOSEN[kind])
        elif kind == "textarea":
            wrote[name] = value.get("text")
    return said, wrote


def _preferred(answer: Mapping[str, Any]) -> str:
    """ "left" or "right" where two texts were compared, else ""."""
    for result in the_list(answer.get("result"), "result"):
        if isinstance(result, dict) and result.get("type") == "pairwise":
            value = result.get("value")
            return _side(value.get("selected") if isinstance(value, dict) else None)
    return ""


def _side(selected: Any) -> str:
    return selected if selected in ("left", "right") else ""


def _flat(record: dict[str, Any]) -> Task:
    if not record.keys() & ABOUT_A_FLAT_ROW:
        raise Unfit("The record has no “data”. Export the project from Label Studio as JSON.")
    given = {name: _plain(value) for name, value in record.items() if name not in ABOUT_A_FLAT_ROW}
    answer = Answer(
        PERSON,
        _name(record.get("annotator")),
        said=given,
        wrote=given,
        prefers=next(filter(None, map(_compared, record.values())), ""),
        is_skipped=str(record.get("was_cancelled", "")).lower() in ("true", "1"),
        created_at=_moment(record.get("created_at")),
        seconds=_seconds(record.get("lead_time")),
    )
    return Task(given, [answer])


def _plain(value: Any) -> Any:
    """A value of the flat exports: [{"rating": 4}] is 4, {"choices": […]} the choices, as JSON or as text."""
    one = _one(value)
    if isinstance(one, dict):
        return next((one[key] for key in CHOSEN.values() if key in one), value)
    return value


def _compared(value: Any) -> str:
    """The side that a value of the flat exports names, [{"selected": "left"}]; "" for other values."""
    one = _one(value)
    return _side(one.get("selected")) if isinstance(one, dict) else ""


def _one(value: Any) -> Any:
    """What the flat exports wrote as JSON in a cell or in a list of one; other values as they are."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _name(completed_by: Any) -> str:
    """Who answered: by e-mail address or name where the file has them, else by the user's number."""
    if isinstance(completed_by, dict):
        full = f"{completed_by.get('first_name') or ''} {completed_by.get('last_name') or ''}".strip()
        return str(completed_by.get("email") or full) or _name(completed_by.get("id"))
    if isinstance(completed_by, int) or (isinstance(completed_by, str) and completed_by.isdigit()):
        return f"user {completed_by}"
    return str(completed_by or "")


def _moment(value: Any) -> str:
    """A time in ISO's form; "" where there is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11:
        return datetime.fromtimestamp(value, UTC).isoformat()
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> float | None:
    seconds = number(value)
    return seconds if seconds is not None and seconds >= 0 else None


KIND = Kind("labelstudio", GradeRow, FIELDS, never_quick, tool=Tool("Label Studio", tasks_of, looks_like))
