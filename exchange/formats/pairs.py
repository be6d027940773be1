"""pairs: a query with a candidate a row, texts and all; optionally with a person's grade."""

from exchange.formats import names
from exchange.formats.kind import MISSING, Field, Kind, Values, new_row
from exchange.formats.rows import PairRow
from exchange.formats.values import (
    ID_LIMIT,
    Unfit,
    grade_text,
    id_text,
    is_storable,
    metadata_or_none,
    name_text,
    plain_text,
)

FIELDS = (
    Field("query_id", id_text, MISSING, names.QUERY_ID),
    Field("query", plain_text, MISSING, names.QUERY),
    Field("need", plain_text, "", names.NEED),
    Field("candidate_id", id_text, MISSING, names.CANDIDATE_ID),
    Field("title", plain_text, "", names.TITLE),
    Field("candidate", plain_text, MISSING, names.CANDIDATE),
    Field("grade", grade_text, None, names.GRADE),
    Field("rater", name_text, "", names.RATER),
    Field("metadata", metadata_or_none, None),
)


def quick_pair(line: int, values: Values) -> PairRow | None:
    """The row, where ids are short and printable, texts are texts, and the grade is a text or whole."""
    query_id, query, need, candidate_id, title, candidate, grade, rater, metadata = values
    try:
        if "\0" in "".join((query, need, title, candidate, rater)):
            return None
        ids = query_id + candidate_id
        if not (query_id and candidate_id and len(ids) <= ID_LIMIT and ids.isprintable() and " " not in ids):
            return None
        if rater:
            rater = name_text(rater)
    except (TypeError, AttributeError, Unfit):
        return None
    if type(grade) is int:
        grade = str(grade)
    elif grade is not None and (type(grade) is not str or not grade.isprintable() or not grade.strip()):
        return None
    if metadata is not None and not is_storable(metadata):
        return None
    values = (line, query_id, query, need, candidate_id, title, candidate, grade, rater, metadata or None)
    return new_row(PairRow, values)


KIND = Kind("pairs", PairRow, FIELDS, quick_pair)
