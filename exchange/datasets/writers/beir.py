"""A BEIR folder: corpus.jsonl, queries.jsonl and qrels/{train,dev,test}.tsv, as its GenericDataLoader reads.

The corpus holds every candidate of the release once, whichever splits its queries are in.
"""

import csv
import io
import sqlite3
from collections.abc import Iterator
from typing import Any

from exchange.datasets.table import Group
from exchange.datasets.writers.base import NO_GRADE, Choices, Format, Line, Lines, Missed, as_line

HEAD = b"query-id\tcorpus-id\tscore\n"


class Seen:
    """Which ids came already: in a nameless temporary file of SQLite's, so that memory stays flat."""

    def __init__(self) -> None:
        self._known = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._known.execute("PRAGMA journal_mode = OFF")
        self._known.execute("PRAGMA synchronous = OFF")
        self._known.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def is_new(self, identity: str) -> bool:
        """Whether it comes for the first time; from now on it is known."""
        added = self._known.execute("INSERT OR IGNORE INTO seen VALUES (?)", (identity,))
        return added.rowcount == 1


def start(choices: Choices, missed: Missed) -> Lines:
    seen = Seen()

    def lines(group: Group) -> Iterator[Line]:
        graded = [(row, grade) for row in group.rows if (grade := row.target_grade) is not None]
        missed[NO_GRADE] += len(group.rows) - len(graded)
        for row in group.rows:
            if seen.is_new(row.candidate_id):
                record = {"_id": row.candidate_id, "title": row.title, "text": row.candidate}
                yield "beir/corpus.jsonl", as_line(record)
        if graded:
            yield "beir/queries.jsonl", as_line({"_id": group.query_id, "text": group.query})
        for row, grade in graded:
            yield f"beir/qrels/{group.split}.tsv", _cells(group.query_id, row.candidate_id, grade)

    return lines


def _cells(*cells: Any) -> bytes:
    """One line of tab-separated values, quoted where an id needs it."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def head(path: str) -> bytes:
    return HEAD if path.endswith(".tsv") else b""


FORMAT = Format(
    "beir",
    "BEIR folder",
    "Evaluation",
    "Evaluating retrievers with BEIR, MTEB and the like: corpus, queries and qrels of each split.",
    start,
    evaluates=True,
    head=head,
)
