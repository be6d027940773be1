"""qrels: query, candidate, grade. TREC's four columns (query, iteration, document, grade), or CSV."""

from exchange.formats import names
from exchange.formats.kind import MISSING, Field, Kind, Values
from exchange.formats.rows import QrelRow
from exchange.formats.values import ID_LIMIT, grade_text, id_text

FIELDS = (
    Field("query_id", id_text, MISSING, (*names.QUERY_ID, "query")),
    Field("candidate_id", id_text, MISSING, names.CANDIDATE_ID),
    Field("grade", grade_text, MISSING, (*names.GRADE, "score")),
)
LAYOUTS = {3: ("query_id", "candidate_id", "grade"), 4: ("query_id", None, "candidate_id", "grade")}


def quick_qrel(line: int, values: Values) -> QrelRow | None:
    """The row, where all three are printable texts without blanks around them."""
    query_id, candidate_id, grade = values
    try:
        if not "".join(values).isprintable():
            return None
        query_id = query_id.strip()
        candidate_id = candidate_id.strip()
    except TypeError:
        return None
    if 0 < len(query_id) <= ID_LIMIT and 0 < len(candidate_id) <= ID_LIMIT and grade.strip():
        return QrelRow(line, query_id, candidate_id, grade)
    return None


KIND = Kind("qrels", QrelRow, FIELDS, quick_qrel, layouts=LAYOUTS)
