"""FlagEmbedding's fine-tuning JSONL: query, pos, neg, with pos_scores and neg_scores for distillation.

One line a query. `--knowledge_distillation True` puts the scores through a softmax, so they are log-odds.
"""

from collections.abc import Iterator

from exchange.datasets.soft import margin
from exchange.datasets.table import Group
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
    both = [group.positives, group.negatives]
    if scored:
        both = [[row for row in rows if margin(row, choices.margin) is not None] for rows in both]
        missed[NO_SCORE] += len(group.positives) + len(group.negatives) - sum(map(len, both))
    positives, negatives = both[0], both[1][: choices.negatives]
    if not (group.query and positives and negatives):
        missed[NO_QUERY if not group.query else NO_NEGATIVE if positives else NO_POSITIVE] += 1
        return
    record: dict[str, object] = {
        "query": group.query,
        "pos": [row.text for row in positives],
        "neg": [row.text for row in negatives],
    }
    if scored:
        record["pos_scores"] = [margin(row, choices.margin) for row in positives]
        record["neg_scores"] = [margin(row, choices.margin) for row in negatives]
    yield f"{'flagembedding-scores' if scored else 'flagembedding'}/{group.split}.jsonl", as_line(record)


FORMAT = Format(
    "flagembedding",
    "FlagEmbedding",
    "Retrievers and rerankers",
    "Fine-tuning BGE embedders and rerankers: one line a query with its pos and neg.",
    plain(lines),
)
SCORED = Format(
    "flagembedding-scores",
    "FlagEmbedding with scores",
    "Retrievers and rerankers",
    "The same for --knowledge_distillation True: the judge’s log-odds beside each passage.",
    plain(lines, scored=True),
    needs="scores",
)
