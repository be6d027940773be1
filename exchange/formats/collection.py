"""collection: the candidates' texts. TSV (id, text[, title]), MS MARCO's documents, CSV, JSONL."""

from exchange.formats import names
from exchange.formats.kind import MISSING, Field, Kind, Values
from exchange.formats.rows import CollectionRow
from exchange.formats.values import ID_LIMIT, id_text, is_storable, metadata_or_none, plain_text

FIELDS = (
    Field("candidate_id", id_text, MISSING, (*names.CANDIDATE_ID, "id")),
    Field("title", plain_text, "", names.TITLE),
    Field("candidate", plain_text, MISSING, names.CANDIDATE),
    Field("metadata", metadata_or_none, None),
)


def quick_candidate(line: int, values: Values) -> CollectionRow | None:
    """The row, where the id is short and printable and the texts are texts."""
    candidate_id, title, candidate, metadata = values
    try:
        if "\0" in "".join((title, candidate)):
            return None
        candidate_id = candidate_id.strip()
        if not (0 < len(candidate_id) <= ID_LIMIT and candidate_id.isprintable()):
            return None
    except (TypeError, AttributeError):
        return None
    if metadata is not None and not is_storable(metadata):
        return None
    return CollectionRow(line, candidate_id, title, candidate, metadata or None)


KIND = Kind(
    "collection",
    CollectionRow,
    FIELDS,
    quick_candidate,
    layouts={
        2: ("candidate_id", "candidate"),
        3: ("candidate_id", "candidate", "title"),
        4: ("candidate_id", None, "title", "candidate"),
    },
)
