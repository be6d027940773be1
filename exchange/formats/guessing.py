"""Which kind of file this is, when nobody said: from its columns, and where they do not tell, its name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from exchange.formats import names
from exchange.formats.kinds import TOOLS
from exchange.formats.names import normalised
from exchange.formats.rows import FileProblem

QUERY_NAME = re.compile(r"quer|topic|question", re.IGNORECASE)
LONGEST_USUAL_QUERY = 120


class Guess(NamedTuple):
    """A kind, and why it is that one, as a sentence."""

    kind: str
    why: str


def guess_tool(records: Sequence[dict[str, Any]]) -> Guess | None:
    """The labelling tool whose files have such records; None where they are no tool's."""
    if records:
        for kind in TOOLS:
            if kind.tool is not None and kind.tool.looks_like(records):
                why = f"Read as {kind.tool.title}’s: its records are built as that tool writes them."
                return Guess(kind.name, why)
    return None


def guess_by_columns(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> Guess:
    """Guess from the names of columns, mapped ones by ours; raises FileProblem where they fit no kind."""
    has = {normalised(mapping.get(column, column)) for column in columns}
    query_id = bool(has & {"query_id", *names.QUERY_ID})
    candidate_id = bool(has & {"candidate_id", *names.CANDIDATE_ID})
    query = bool(has & {"query", *names.QUERY})
    candidate = bool(has & {"candidate", *names.CANDIDATE})
    grade = bool(has & {"grade", *names.GRADE})
    both = candidate_id and (query_id or query)
    if both and {"rater_kind", "rater"} <= has:
        return Guess("grades", "Read as grades: it has rater_kind and rater, as Concord's own export does.")
    if both and candidate and {"carrier", "attack"} <= has:
        return Guess("attacks", "Read as attacks: each row names the carrier and the attack on it.")
    if both and has & {"judge", *names.JUDGE}:
        return Guess("verdicts", "Read as verdicts: a judge is named for each query and candidate.")
    if both and query and candidate:
        return Guess("pairs", "Read as pairs: each row has a query's and a candidate's text.")
    if both and has & {"score", *names.SCORE} and has & {"system", *names.SYSTEM}:
        return Guess("system", "Read as system: it has scores and the name of a system.")
    if both and (grade or "cannot_judge" in has) and has & {"rater", *names.RATER}:
        return Guess("labels", "Read as labels: a rater is named for each query and candidate.")
    if both and (grade or "score" in has):
        return Guess("qrels", "Read as qrels: each query and candidate has a grade, and nobody is named.")
    if candidate and not query and (candidate_id or ("id" in has and not query_id)):
        if not candidate_id and "title" not in has and QUERY_NAME.search(Path(name).name):
            return Guess("topics", "Read as topics: ids with texts, in a file whose name speaks of queries.")
        return Guess("collection", "Read as collection: it has candidates' texts and no queries.")
    if (query or "title" in has) and (query_id or "id" in has) and not candidate_id:
        return Guess("topics", "Read as topics: it has queries' texts and no candidates.")
    raise FileProblem(
        f"{Path(name).name}: its columns ({', '.join(columns)}) fit no kind of file. "
        "Say which it is, for example --as pairs, and name its columns with --map theirs=ours."
    )


def guess_by_cells(rows: Sequence[Sequence[str]], name: str) -> Guess:
    """Guess from the first rows of a file without a header; raises FileProblem where they fit no kind."""
    n_columns = len(rows[0])
    if n_columns in (3, 4) and all(_is_number(row[-1]) for row in rows):
        return Guess("qrels", "Read as qrels: the last of its columns is a number in every row.")
    if n_columns == 2:
        if QUERY_NAME.search(Path(name).name):
            return Guess("topics", "Read as topics: two columns, and the file's name speaks of queries.")
        usual = sorted(len(row[1]) for row in rows)[len(rows) // 2]
        if usual <= LONGEST_USUAL_QUERY:
            return Guess(
                "topics", f"Read as topics: two columns, the texts short (about {usual} characters)."
            )
        return Guess(
            "collection", f"Read as collection: two columns, the texts long (about {usual} characters)."
        )
    raise FileProblem(
        f"{Path(name).name} has {n_columns} columns and no line that names them. "
        "Write their names into the first line, for example query_id,query,candidate_id,candidate."
    )


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", cell) is not None
