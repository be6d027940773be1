"""Binary signals as KTO and BCO trainers read them: prompt, completion, label (true or false)."""

from collections.abc import Iterator

from exchange.datasets.table import Group
from exchange.datasets.writers.base import NO_QUERY, Choices, Format, Line, Missed, as_line, plain


def lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    if not group.query:
        missed[NO_QUERY] += 1
        return
    for row in (*group.positives, *group.negatives[: choices.negatives]):
        record = {"prompt": group.query, "completion": row.text, "label": row.is_positive}
        yield f"binary/{group.split}.jsonl", as_line(record)


FORMAT = Format(
    "binary",
    "Binary signals (KTO, BCO)",
    "Reward models and judges",
    "KTO and BCO: a prompt, a completion, and whether it is good.",
    plain(lines),
    evaluates=True,
)
