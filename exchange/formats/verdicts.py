"""verdicts: a judge's answers made elsewhere; a grade may be empty or no number, as real replies are."""

from exchange.formats import names, qrels
from exchange.formats.kind import MISSING, Field, Kind, Values, new_row
from exchange.formats.rows import VerdictRow
from exchange.formats.values import (
    ID_LIMIT,
    Unfit,
    grade_text,
    id_text,
    is_storable,
    metadata_or_none,
    name_text,
    number_or_none,
    plain_text,
)

FIELDS = (
    Field("judge", name_text, "", names.JUDGE),
    Field("prompt", name_text, "", names.PROMPT),
    Field("query_id", id_text, MISSING, (*names.QUERY_ID, "query")),
    Field("candidate_id", id_text, MISSING, names.CANDIDATE_ID),
    Field("grade", grade_text, None, names.VERDICT_GRADE),
    Field("score", number_or_none, None),
    Field("condition", name_text),
    Field("reply", plain_text, "", names.REPLY),
    Field("outcome", name_text),
    Field("metadata", metadata_or_none, None),
)


def quick_verdict(line: int, values: Values) -> VerdictRow | None:
    """The row, where ids and names are short and printable, the grade a text or whole."""
    judge, prompt, query_id, candidate_id, grade, score, condition, reply, outcome, metadata = values
    try:
        said = "".join((judge, prompt, query_id, candidate_id, condition, outcome))
        if "\0" in reply or len(said) > ID_LIMIT or not said.isprintable():
            return None
        if " " in said:
            judge, prompt, condition, outcome = map(str.strip, (judge, prompt, condition, outcome))
            query_id, candidate_id = query_id.strip(), candidate_id.strip()
        if score is not None and type(score) is not float:
            score = number_or_none(score)
    except (TypeError, AttributeError, Unfit):
        return None
    if not query_id or not candidate_id:
        return None
    if type(grade) is int:
        grade = str(grade)
    elif grade is not None and (type(grade) is not str or not grade.isprintable() or not grade.strip()):
        return None
    if type(reply) is not str or (metadata is not None and not is_storable(metadata)):
        return None
    ids = (line, judge, prompt, query_id, candidate_id)
    return new_row(VerdictRow, (*ids, grade, score, condition, reply, outcome, metadata or None))


KIND = Kind("verdicts", VerdictRow, FIELDS, quick_verdict, layouts=qrels.LAYOUTS)
