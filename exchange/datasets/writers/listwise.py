"""A query's candidates in an order to learn: passages with numbers, and `[2] > [1] > [3]` with the reasons.

The passages stand in the order of a hash of seed, query and candidate, so that their places tell nothing.
Twenty at most, as listwise rerankers are shown (Sun et al. 2023). Equal grades are put in order by score,
then by id.
"""

import hashlib
from collections.abc import Iterator

from exchange.datasets.table import NEGATIVES, Group, Row
from exchange.datasets.writers.base import NO_QUERY, Choices, Format, Line, Missed, as_line, plain

MOST = 20


def lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    kept = [row for row in group.with_text if row.is_positive or row.state in NEGATIVES]
    best_first = sorted(kept, key=_place)[:MOST]
    if not group.query or len(best_first) < 2:
        missed["queries with fewer than two candidates" if group.query else NO_QUERY] += 1
        return
    shown = sorted(best_first, key=lambda row: _drawn(choices.seed, row))
    numbers = {row.candidate_id: number for number, row in enumerate(shown, start=1)}
    permutation = " > ".join(f"[{numbers[row.candidate_id]}]" for row in best_first)
    reasons = [f"[{number}] {row.reason}" for number, row in enumerate(shown, start=1) if row.reason]
    listed = "\n".join(f"[{number}] {row.text}" for number, row in enumerate(shown, start=1))
    asked = (
        f"Put these passages in order of how well they answer the query, the best first.\n"
        f"Query: {group.query}\n{listed}\nEnd with the order alone, in the form [2] > [1]."
    )
    record = {
        "query_id": group.query_id,
        "query": group.query,
        "passages": [
            {"docid": row.candidate_id, "title": row.title, "text": row.candidate, "reason": row.reason}
            for row in shown
        ],
        "permutation": permutation,
        "messages": [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": "\n".join([*reasons, permutation])},
        ],
    }
    yield f"listwise/{group.split}.jsonl", as_line(record)


def _place(row: Row) -> tuple[bool, float, float, bytes]:
    grade = row.target_grade
    score = row.score if row.score is not None else float("-inf")
    return not row.is_positive, -(grade if grade is not None else 0), -score, row.candidate_id.encode()


def _drawn(seed: int, row: Row) -> bytes:
    return hashlib.sha256(f"{seed}\0{row.query_id}\0{row.candidate_id}".encode()).digest()


FORMAT = Format(
    "listwise",
    "Listwise permutations",
    "Reward models and judges",
    "Teaching a listwise reranker: numbered passages, reasons, and their order as a chat.",
    plain(lines),
)
