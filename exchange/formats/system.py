"""system: the hits of retrieval systems. TREC run files (query, Q0, document, rank, score, tag), CSV, JSONL.

One file may hold several systems, told apart by their tag. The rank column is never read: places follow from
the scores, as in trec_eval.
"""

from collections.abc import Iterable
from math import isfinite
from struct import pack, unpack

from exchange.formats import names
from exchange.formats.kind import MISSING, Field, Kind, Values
from exchange.formats.rows import HitRow
from exchange.formats.values import ID_LIMIT, id_text, number

FIELDS = (
    Field("system", id_text, MISSING, names.SYSTEM),
    Field("query_id", id_text, MISSING, (*names.QUERY_ID, "query")),
    Field("candidate_id", id_text, MISSING, names.CANDIDATE_ID),
    Field("score", number, MISSING, names.SCORE),
)


def quick_hit(line: int, values: Values) -> HitRow | None:
    """The row, where ids and tag are printable texts without blanks around them and the score is a number."""
    system, query_id, candidate_id, said = values
    try:
        ids = "".join((system, query_id, candidate_id))
        score = float(said)
    except (TypeError, ValueError, OverflowError):
        return None
    if not ids.isprintable() or " " in ids or not isfinite(score) or type(said) is bool or "_" in str(said):
        return None
    if 0 < len(system) <= ID_LIMIT and 0 < len(query_id) <= ID_LIMIT and 0 < len(candidate_id) <= ID_LIMIT:
        return HitRow(line, system, query_id, candidate_id, score)
    return None


def in_trec_order(hits: Iterable[HitRow]) -> list[HitRow]:
    """One system's hits for one query, best first, as trec_eval ranks them.

    Scores are compared in single precision, highest first; ties by candidate id, descending, byte by byte
    (trec_eval 9, form_res_rels.c). In SQL: `ORDER BY score::real DESC, candidate_id COLLATE "C" DESC`.
    """
    return sorted(hits, key=lambda hit: (_single(hit.score), hit.candidate_id.encode()), reverse=True)


def _single(score: float) -> float:
    """The nearest number in single precision; what is too big for it is infinite, as in C."""
    try:
        nearest: float = unpack("<f", pack("<f", score))[0]
    except OverflowError:
        return float("inf") if score > 0 else float("-inf")
    return nearest


KIND = Kind("system", HitRow, FIELDS, quick_hit)
