"""sentence-transformers `triplet`: anchor, positive, negative. Every positive with each of the negatives."""

from collections.abc import Iterator

from exchange.datasets.table import Group
from exchange.datasets.writers.base import (
    NO_NEGATIVE,
    NO_POSITIVE,
    NO_QUERY,
    Choices,
    Format,
    Line,
    Missed,
    as_line,
    plain,
)


def lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    negatives = group.negatives[: choices.negatives]
    if not (group.query and group.positives and negatives):
        missed[NO_QUERY if not group.query else NO_NEGATIVE if group.positives else NO_POSITIVE] += 1
    elif group.query:
        path = f"triplet/{group.split}.jsonl"
        for positive in group.positives:
            for negative in negatives:
                record = {"anchor": group.query, "positive": positive.text, "negative": negative.text}
                yield path, as_line(record)


FORMAT = Format(
    "triplet",
    "Triplets (sentence-transformers)",
    "Retrievers and rerankers",
    "MultipleNegativesRankingLoss and TripletLoss: a query, a positive, one negative.",
    plain(lines),
)
