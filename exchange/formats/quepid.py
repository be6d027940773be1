"""quepid: judgements as Quepid exports them. A case's CSV (query, docid, rating), a book's CSV with a column
for each judge, a book's JSON with all about every judgement, a snapshot's CSV.

A query is known by its text. Spreadsheet guards are taken off: Quepid's is a blank, Concord's an apostrophe.
"""

from collections.abc import Sequence
from typing import Any

from corpus.formula_guard import guard_cell
from exchange.formats.answers import (
    FIELDS,
    JUDGE,
    PERSON,
    Answer,
    Task,
    Tool,
    the_list,
    the_object,
)
from exchange.formats.kind import Kind, never_quick
from exchange.formats.names import GRADE, SCORE, normalised
from exchange.formats.rows import GradeRow
from exchange.formats.values import Unfit

QUERY = ("query", "query_text")
DOCUMENT = ("docid", "doc_id")
ABOUT_THE_FILE = frozenset(("snapshot_name", "snapshot_time", "case_id", "doc_position", "position"))
NO_JUDGES = frozenset(
    (*QUERY, *DOCUMENT, *ABOUT_THE_FILE, "rating", "information_need", "document_fields", "judgements")
)
GRADES = frozenset(("grade", "score", *GRADE, *SCORE))
"""Columns of these names are grades of one rater and no judges of a book."""
JUDGE_SIGN = "judge: "
"""Begins the names of judges' columns in Concord's own Quepid export."""


def tasks_of(record: dict[str, Any]) -> Task | None:
    """A query with a document; None for a query without one, of which a case's CSV writes the text alone."""
    keys = {normalised(key): key for key in record}
    query = next((record[keys[name]] for name in QUERY if name in keys), None)
    document = next((record[keys[name]] for name in DOCUMENT if name in keys), None)
    if query is None or (document is None and "doc_position" not in keys):
        raise Unfit("The row has no query and docid. Export the book or the case from Quepid again.")
    if not document:
        return None
    fields = {"query": query, "docid": document}
    if "information_need" in keys:
        fields["information_need"] = record[keys["information_need"]]
    if "judgements" in record:
        return Task({**_shown(record), **fields}, [_judgement(each) for each in _judgements(record)])
    if "rating" in keys:
        rating = record[keys["rating"]]
        answers = [Answer(PERSON, "", {"rating": rating})] if str(rating).strip() else []
        return Task({**_others(record), **fields}, answers)
    if keys.keys() & ABOUT_THE_FILE:
        return Task({**_others(record), **fields}, [])
    judged = _others(record)
    if not all(isinstance(cell, str) for cell in judged.values()):
        raise Unfit("A book has a column of text for each judge. Export the book from Quepid as CSV.")
    return Task(fields, [_of_column(name, cell) for name, cell in judged.items() if cell.strip()])


def looks_like(records: Sequence[dict[str, Any]]) -> bool:
    return all(_is_quepids([normalised(key) for key in record], record) for record in records)


def _is_quepids(keys: list[str], record: dict[str, Any]) -> bool:
    if "judgements" in keys:
        return "query_text" in keys
    if keys == ["query", "docid", "rating"] or {"snapshot_name", "doc_id"} <= set(keys):
        return True
    judged = {normalised(key): cell for key, cell in record.items() if normalised(key) not in NO_JUDGES}
    return (
        keys[:2] == ["query", "docid"]
        and "rating" not in keys
        and bool(judged)
        and not judged.keys() & GRADES
        and all(isinstance(cell, str) and _is_rating(cell.strip()) for cell in judged.values())
    )


def _is_rating(cell: str) -> bool:
    return not cell or cell.replace("|", "").replace(".", "").isdigit()


def _others(record: dict[str, Any]) -> dict[str, Any]:
    return {key: cell for key, cell in record.items() if normalised(key) not in NO_JUDGES}


def _of_column(name: str, cell: str) -> Answer:
    """A rating in the column of a judge; a person's, unless the column says otherwise."""
    name = restore([name])[0]
    said = {"rating": cell.split("|") if "|" in cell else cell}
    if name.startswith(JUDGE_SIGN):
        return Answer(JUDGE, name.removeprefix(JUDGE_SIGN), said)
    return Answer(PERSON, name, said)


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    """The fields that Quepid showed of the document."""
    return {str(key): value for key, value in the_object(record.get("document_fields"), "fields").items()}


def _judgements(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [the_object(each, "judgements") for each in the_list(record["judgements"], "judgements")]


def _judgement(judgement: dict[str, Any]) -> Answer:
    said = {"rating": judgement.get("rating")}
    if judgement.get("unrateable"):
        said = {"unrateable": True}
    return Answer(
        PERSON,
        str(judgement.get("user_email") or judgement.get("user") or ""),
        said,
        {"explanation": judgement["explanation"]} if judgement.get("explanation") else {},
        is_skipped=bool(judgement.get("judge_later")),
    )


def restore(cells: list[str]) -> list[str]:
    """The cells without guards; an apostrophe that guards nothing belongs to the text."""
    return [_restored(cell) if cell[:1] in ("'", " ") else cell for cell in cells]


def _restored(cell: str) -> str:
    rest = cell[1:]
    if cell[0] == "'":
        return rest if guard_cell(rest) == cell else cell
    return rest if rest[:1] in ("-", "=", "+", "@") else cell


KIND = Kind(
    "quepid",
    GradeRow,
    FIELDS,
    never_quick,
    restore=restore,
    tool=Tool("Quepid", tasks_of, looks_like, within="query_doc_pairs"),
)
