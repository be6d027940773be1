"""sentence-transformers `labeled-list`: anchor, documents and as many labels (grades), or probabilities."""

from collections.abc import Iterator

from exchange.datasets.soft import probability
from exchange.datasets.table import Group
from exchange.datasets.writers.base import (
    NO_GRADE,
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
    if not group.query:
        missed[NO_QUERY] += 1
        return
    kept = (*group.positives, *group.negatives[: choices.negatives])
    values = [(row.text, probability(row) if scored else row.target_grade) for row in kept]
    known = [(text, value) for text, value in values if value is not None]
    missed[NO_SCORE if scored else NO_GRADE] += len(values) - len(known)
    if len(known) < 2:
        missed["queries with fewer than two candidates"] += 1
        return
    name, column = ("labelled-list-scores", "scores") if scored else ("labelled-list", "labels")
    record = {
        "anchor": group.query,
        "documents": [text for text, _ in known],
        column: [value for _, value in known],
    }
    yield f"{name}/{group.split}.jsonl", as_line(record)


FORMAT = Format(
    "labelled-list",
    "Labelled lists (sentence-transformers)",
    "Retrievers and rerankers",
    "LambdaLoss, ListNetLoss, RankNetLoss of a cross-encoder: a query’s documents with their grades.",
    plain(lines),
)
SCORED = Format(
    "labelled-list-scores",
    "Labelled lists with probabilities (sentence-transformers)",
    "Retrievers and rerankers",
    "The same losses on the judge’s probabilities instead of grades.",
    plain(lines, scored=True),
    needs="log-odds",
)
