"""sentence-transformers `n-tuple`: anchor, positive, negative_1 … negative_n, with or without scores.

All rows have the same n, as the library wants: a query with fewer negatives is left out. Scores are margins
(log-odds), of the positive and then of each negative, for MarginMSE and DistillKLDiv.
"""

from collections.abc import Iterator, Sequence

from exchange.datasets.soft import margin
from exchange.datasets.table import Group, Row
from exchange.datasets.writers.base import (
    FEW_NEGATIVES,
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
    positives: Sequence[Row] = group.positives
    negatives: Sequence[Row] = group.negatives
    if scored:
        positives, negatives = (
            [row for row in rows if margin(row, choices.margin) is not None]
            for rows in (positives, negatives)
        )
        missed[NO_SCORE] += len(group.positives) + len(group.negatives) - len(positives) - len(negatives)
    n = choices.negatives
    if not group.query or not positives or len(negatives) < n:
        missed[NO_QUERY if not group.query else FEW_NEGATIVES if positives else NO_POSITIVE] += 1
        return
    path = f"{'n-tuple-scores' if scored else 'n-tuple'}/{group.split}.jsonl"
    rest = {f"negative_{place}": row.text for place, row in enumerate(negatives[:n], start=1)}
    margins = [margin(row, choices.margin) for row in negatives[:n]]
    for positive in positives:
        record: dict[str, object] = {"anchor": group.query, "positive": positive.text, **rest}
        if scored:
            record["scores"] = [margin(positive, choices.margin), *margins]
        yield path, as_line(record)


FORMAT = Format(
    "n-tuple",
    "N-tuples (sentence-transformers)",
    "Retrievers and rerankers",
    "MultipleNegativesRankingLoss: a query, a positive and n negatives in columns of their own.",
    plain(lines),
)
SCORED = Format(
    "n-tuple-scores",
    "N-tuples with scores (sentence-transformers)",
    "Retrievers and rerankers",
    "MarginMSELoss and DistillKLDivLoss: the same with the judge’s log-odds to learn from.",
    plain(lines, scored=True),
    needs="scores",
)
