"""Several criteria in HelpSteer2's shape: prompt, response and one whole number for each criterion."""

import re
from collections.abc import Iterator, Sequence

from exchange.datasets.table import Marks
from exchange.datasets.writers.base import Choices, Format, Line, Missed, as_line, plain


def lines(rows: Sequence[Marks], *, choices: Choices, missed: Missed) -> Iterator[Line]:
    for row in rows:
        if not (row.query and row.text):
            missed["candidates without a text"] += 1
            continue
        record: dict[str, object] = {"prompt": row.query, "response": row.text}
        record |= dict(zip(columns(row.criteria), row.grades, strict=True))
        yield f"criteria/{row.split}.jsonl", as_line(record)


def columns(criteria: Sequence[str]) -> list[str]:
    """The criteria as column names: lower case, words joined by _; what would clash gets a number."""
    names: list[str] = []
    for place, criterion in enumerate(criteria, start=1):
        name = re.sub(r"\W+", "_", criterion.casefold()).strip("_") or "criterion"
        taken = name in names or name in ("prompt", "response")
        names.append(f"{name}_{place}" if taken else name)
    return names


FORMAT = Format(
    "criteria",
    "Several criteria (HelpSteer2)",
    "Reward models and judges",
    "Multi-attribute reward models: a prompt, a response, a grade for each criterion.",
    plain(lines),
    reads="criteria",
    evaluates=True,
)
