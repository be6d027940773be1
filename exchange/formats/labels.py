"""labels: people's grades that were given elsewhere, by ids alone."""

from exchange.formats import names, qrels
from exchange.formats.kind import MISSING, Field, Kind, never_quick
from exchange.formats.rows import LabelRow
from exchange.formats.values import grade_text, id_text, metadata_or_none, name_text, plain_text, yes_or_no

FIELDS = (
    Field("query_id", id_text, MISSING, (*names.QUERY_ID, "query")),
    Field("candidate_id", id_text, MISSING, names.CANDIDATE_ID),
    Field("grade", grade_text, None, names.GRADE),
    Field("rater", name_text, "", names.RATER),
    Field("rationale", plain_text, "", ("reason", "explanation", "comment", "note", "notes")),
    Field("cannot_judge", yes_or_no, None, ("cant_judge", "cant_tell", "unrateable", "unjudgeable")),
    Field("metadata", metadata_or_none, None),
)


def grade_or_cannot_judge(row: LabelRow) -> tuple[str, str] | None:
    """A label says one thing: a grade, or that the person could not judge."""
    if row.grade is None and not row.cannot_judge:
        return "grade", "The grade is empty. Write a grade, or true under cannot_judge, or leave the row out."
    if row.grade is not None and row.cannot_judge:
        return "cannot_judge", "The row has a grade and says cannot_judge as well. Empty one of the two."
    return None


KIND = Kind("labels", LabelRow, FIELDS, never_quick, amiss=grade_or_cannot_judge, layouts=qrels.LAYOUTS)
