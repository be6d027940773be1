"""Tevatron's training rows: passages with docid, title and text; with a score each; or as one scored list."""

from collections.abc import Iterator

from exchange.datasets.soft import margin
from exchange.datasets.table import Group, Row
from exchange.datasets.writers.base import (
    NO_NEGATIVE,
    NO_POSITIVE,
    NO_QUERY,
    NO_SCORE,
    Choices,
    Format,
    Line,
    Missed,
    as_line,
    plain,
)


def lines(group: Group, *, choices: Choices, missed: Missed, scored: bool = False) -> Iterator[Line]:
    """One line a query: its positive and negative passages."""
    both = _passages(group, choices, missed, scored=scored)
    if both is None:
        return
    positives, negatives = both

    def passage(row: Row) -> dict[str, object]:
        told: dict[str, object] = {"docid": row.candidate_id, "title": row.title, "text": row.candidate}
        return told | {"score": margin(row, choices.margin)} if scored else told

    record = {
        "query_id": group.query_id,
        "query": group.query,
        "positive_passages": [passage(row) for row in positives],
        "negative_passages": [passage(row) for row in negatives],
    }
    yield f"{'tevatron-scores' if scored else 'tevatron'}/{group.split}.jsonl", as_line(record)


def listwise_lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    """One line a positive: it stands first among the passages, and the scores are raw log-odds."""
    both = _passages(group, choices, missed, scored=True)
    if both is None:
        return
    for positive in both[0]:
        rows = [positive, *both[1]]
        record = {
            "query_id": group.query_id,
            "query": group.query,
            "passages": [{"title": row.title, "text": row.candidate} for row in rows],
            "scores": [margin(row, choices.margin) for row in rows],
        }
        yield f"tevatron-listwise/{group.split}.jsonl", as_line(record)


def _passages(
    group: Group, choices: Choices, missed: Missed, *, scored: bool
) -> tuple[list[Row], list[Row]] | None:
    both = [group.positives, group.negatives]
    if scored:
        both = [[row for row in rows if margin(row, choices.margin) is not None] for rows in both]
        missed[NO_SCORE] += len(group.positives) + len(group.negatives) - sum(map(len, both))
    positives, negatives = both[0], both[1][: choices.negatives]
    if group.query and positives and negatives:
        return positives, negatives
    missed[NO_QUERY if not group.query else NO_NEGATIVE if positives else NO_POSITIVE] += 1
    return None


FORMAT = Format(
    "tevatron",
    "Tevatron",
    "Retrievers and rerankers",
    "Tevatron’s dense retrievers: one line a query with positive_passages and negative_passages.",
    plain(lines),
)
SCORED = Format(
    "tevatron-scores",
    "Tevatron with scores",
    "Retrievers and rerankers",
    "The same for distillation: the judge’s log-odds as each passage’s score.",
    plain(lines, scored=True),
    needs="scores",
)
LISTWISE = Format(
    "tevatron-listwise",
    "Tevatron, listwise",
    "Retrievers and rerankers",
    "Listwise distillation: one line a positive, which stands first, with the log-odds of all passages.",
    plain(listwise_lines),
    needs="scores",
)
