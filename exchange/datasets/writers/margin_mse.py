"""Margin-MSE (Hofstätter et al. 2020): pos_score, neg_score, query, positive, negative by their ids.

Ids alone, tab-separated without a header; the texts are what the BEIR folder holds.
"""

from collections.abc import Iterator

from exchange.datasets.soft import margin
from exchange.datasets.table import Group
from exchange.datasets.writers.base import (
    NO_NEGATIVE,
    NO_POSITIVE,
    NO_SCORE,
    CannotWrite,
    Choices,
    Format,
    Line,
    Missed,
    plain,
)


def lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    positives, negatives = (
        [(row, score) for row in rows if (score := margin(row, choices.margin)) is not None]
        for rows in (group.positives, group.negatives)
    )
    missed[NO_SCORE] += len(group.positives) + len(group.negatives) - len(positives) - len(negatives)
    negatives = negatives[: choices.negatives]
    if not positives or not negatives:
        missed[NO_NEGATIVE if positives else NO_POSITIVE] += 1
        return
    for identity in (group.query_id, *(row.candidate_id for row, _ in (*positives, *negatives))):
        if "\t" in identity or "\n" in identity or "\r" in identity:
            raise CannotWrite(
                f"The id “{identity}” has a tab or a line break in it, which the TSV of Margin-MSE cannot"
                " hold. Leave that format out."
            )
    for positive, its_score in positives:
        for negative, score in negatives:
            ids = (group.query_id, positive.candidate_id, negative.candidate_id)
            line = "\t".join((repr(its_score), repr(score), *ids))
            yield f"margin-mse/{group.split}.tsv", f"{line}\n".encode()


FORMAT = Format(
    "margin-mse",
    "Margin-MSE",
    "Retrievers and rerankers",
    "MarginMSE training by ids: the log-odds of a positive and a negative, then query and both ids.",
    plain(lines),
    needs="scores",
)
