"""doccano: text classification as doccano exports it, JSON Lines, JSON or CSV.

Today's versions write the example's text, its metadata as keys of their own, a list of labels and one of
comments, a file for each user; who that was stands in the file's name alone. Older ones have a list of
annotations with the numbers of labels and users, or all metadata under `meta`.
"""

from collections.abc import Sequence
from typing import Any

from exchange.formats.answers import (
    FIELDS,
    JUDGE,
    PERSON,
    Answer,
    Task,
    Tool,
    object_in,
    the_list,
    the_object,
)
from exchange.formats.kind import Kind, never_quick
from exchange.formats.rows import GradeRow
from exchange.formats.values import Unfit

LABELS = ("label", "labels", "cats")
COMMENTS = ("Comments", "comments")
RATERS, RATIONALES, JUDGES, REFERENCE = "raters", "rationales", "judges", "reference"
"""What Concord's own doccano export says beside the label: who graded what and why, and which grade it is."""

BOOKKEEPING = frozenset(
    (
        "id",
        "data",
        "meta",
        "annotations",
        "annotation_approver",
        RATERS,
        RATIONALES,
        JUDGES,
        REFERENCE,
        *LABELS,
        *COMMENTS,
    )
)


def tasks_of(record: dict[str, Any]) -> Task:
    """An example's task. Raises Unfit for spans, which are labels of parts of a text."""
    if not any(name in record for name in (*LABELS, "annotations")):
        raise Unfit("The record has no labels. Export a project of text classification from doccano.")
    fields = {**object_in(record.get("meta")), "text": record.get("text", record.get("data"))}
    fields |= {key: value for key, value in record.items() if key not in BOOKKEEPING}
    return Task(fields, _answers(record))


def looks_like(records: Sequence[dict[str, Any]]) -> bool:
    return all(
        ("text" in record or "data" in record)
        and any(isinstance(record.get(name), list) for name in (*LABELS, "annotations"))
        for record in records
    )


def _answers(record: dict[str, Any]) -> list[Answer]:
    why = the_object(record.get(RATIONALES), RATIONALES)
    answers = [
        Answer(
            kind, name, {"label": grade}, {"comments": why[name]} if kind == PERSON and name in why else {}
        )
        for kind, key in ((PERSON, RATERS), (JUDGE, JUDGES))
        for name, grade in the_object(record.get(key), key).items()
    ]
    for annotation in the_list(record.get("annotations"), "annotations"):
        one = the_object(annotation, "annotations")
        if "start_offset" in one:
            raise Unfit(_spans())
        label = one.get("label")
        said = f"label {label}" if isinstance(label, int) else label
        answers.append(Answer(PERSON, f"user {one['user']}" if "user" in one else "", {"label": said}))
    labels = _labels(record)
    comments = next((record[name] for name in COMMENTS if record.get(name)), None)
    is_ours = REFERENCE in record and labels == [record[REFERENCE]]
    if labels and not is_ours:
        answers.append(Answer(PERSON, "", {"label": labels}, {"comments": comments} if comments else {}))
    return answers


def _labels(record: dict[str, Any]) -> list[Any]:
    for name in LABELS:
        value = record.get(name)
        if isinstance(value, str):
            return [part for part in value.split("#") if part]  # as doccano joins them in CSV
        labels = the_list(value, name)
        if any(isinstance(label, list | dict) for label in labels):
            raise Unfit(_spans())
        if labels:
            return labels
    return []


def _spans() -> str:
    return (
        "Its labels are spans of the text. Concord reads doccano's text classification: labels of the whole."
    )


KIND = Kind("doccano", GradeRow, FIELDS, never_quick, tool=Tool("doccano", tasks_of, looks_like))
