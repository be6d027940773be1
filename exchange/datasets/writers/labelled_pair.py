"""sentence-transformers `labeled-pair`: anchor, document and a label, 0 or 1; or the probability as score."""

from collections.abc import Iterator

from exchange.datasets.soft import probability
from exchange.datasets.table import NEGATIVES, Group
from exchange.datasets.writers.base import (
    NO_QUERY,
    NO_SCORE,
    Choices,
    Format,
    Line,
    Missed,
    as_line,
    plain,
)


def lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    if not group.query:
        missed[NO_QUERY] += 1
        return
    path = f"labelled-pair/{group.split}.jsonl"
    for row in (*group.positives, *group.negatives[: choices.negatives]):
        label = int(row.is_positive)
        yield path, as_line({"anchor": group.query, "document": row.text, "label": label})


def soft_lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    """Every judged candidate, the ambiguous ones too: a probability near ½ is what they have to teach."""
    if not group.query:
        missed[NO_QUERY] += 1
        return
    path, n_negatives = f"labelled-pair-scores/{group.split}.jsonl", 0
    for row in group.with_text:
        n_negatives += row.state in NEGATIVES
        if row.state in NEGATIVES and n_negatives > choices.negatives:
            continue
        score = probability(row)
        if score is None:
            missed[NO_SCORE] += 1
        else:
            yield path, as_line({"anchor": group.query, "document": row.text, "score": score})


FORMAT = Format(
    "labelled-pair",
    "Labelled pairs (sentence-transformers)",
    "Retrievers and rerankers",
    "BinaryCrossEntropyLoss of a cross-encoder: a query, a document, 1 or 0.",
    plain(lines),
)
SCORED = Format(
    "labelled-pair-scores",
    "Labelled pairs with probabilities (sentence-transformers)",
    "Retrievers and rerankers",
    "BinaryCrossEntropyLoss on soft targets: the judge’s probability in place of 1 or 0.",
    plain(soft_lines),
    needs="log-odds",
)
