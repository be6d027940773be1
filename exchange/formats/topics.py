"""topics: the queries' texts. TSV (id, text[, need]), CSV, JSONL, or TREC's <top> (module trec_topics)."""

from exchange.formats import names
from exchange.formats.kind import MISSING, Field, Kind, never_quick
from exchange.formats.rows import TopicRow
from exchange.formats.values import id_text, metadata_or_none, plain_text

FIELDS = (
    Field("query_id", id_text, MISSING, (*names.QUERY_ID, "id")),
    Field("query", plain_text, MISSING, (*names.QUERY, "title", "text")),
    Field("need", plain_text, "", names.NEED),
    Field("metadata", metadata_or_none, None),
)

KIND = Kind(
    "topics",
    TopicRow,
    FIELDS,
    never_quick,
    layouts={2: ("query_id", "query"), 3: ("query_id", "query", "need")},
)
