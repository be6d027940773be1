"""grades: Concord's own long-form export, a row for every grade; it reads back the same."""

from corpus.formula_guard import unguard_cells
from exchange.formats.attacks import variant_name, what_is_right, whole_words
from exchange.formats.kind import MISSING, Field, Kind, never_quick
from exchange.formats.rows import GradeRow
from exchange.formats.values import (
    Unfit,
    grade_text,
    id_text,
    metadata_or_none,
    name_text,
    number_or_none,
    plain_text,
)


def rater_kind(value: object) -> str:
    """ "person" or "judge"."""
    if value not in ("person", "judge"):
        raise Unfit('The rater kind is neither "person" nor "judge". Write one of the two.')
    return str(value)


FIELDS = (
    Field("query_id", id_text, MISSING),
    Field("query", plain_text),
    Field("need", plain_text),
    Field("candidate_id", id_text, MISSING),
    Field("title", plain_text),
    Field("candidate", plain_text),
    Field("rater_kind", rater_kind, MISSING),
    Field("rater", id_text, MISSING),
    Field("prompt", name_text),
    Field("judge_version", name_text),
    Field("prompt_hash", name_text),
    Field("scoring", name_text),
    Field("condition", name_text),
    Field("round", name_text),
    Field("run", name_text),
    Field("outcome", name_text),
    Field("grade", grade_text, None),
    Field("score", number_or_none, None),
    Field("raw", plain_text),
    Field("rationale", plain_text),
    Field("reason", name_text),
    Field("marks", metadata_or_none, None),
    Field("gold_grade", grade_text, None),
    Field("guidelines_version", number_or_none, None),
    Field("drawn_with", number_or_none, None),
    Field("seconds", number_or_none, None),
    Field("carrier", variant_name),
    Field("attack", variant_name),
    Field("words", whole_words, 0),
    Field("original_query_id", name_text),
    Field("original_candidate_id", name_text),
    Field("right", what_is_right, "grade"),
    Field("created_at", name_text),
    Field("metadata", metadata_or_none, None),
)


def wholly_variant(row: GradeRow) -> tuple[str, str] | None:
    """An item is a variant with carrier and attack, or plain without both."""
    if bool(row.carrier) == bool(row.attack):
        return None
    lacking, given = ("attack", "a carrier") if row.carrier else ("carrier", "an attack")
    return lacking, f"The row has {given} and no {lacking}. Write both, or neither."


KIND = Kind("grades", GradeRow, FIELDS, never_quick, amiss=wholly_variant, restore=unguard_cells)
