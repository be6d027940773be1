"""Preference pairs as DPO trainers read them: prompt, chosen, rejected. Ties are set apart.

From comparisons of two candidates; or from single grades: each candidate with those of lower grade, nearest
first, at most as many as the plan takes negatives. `margin` is the distance of the grades.
"""

from collections.abc import Iterator, Sequence

from exchange.datasets.table import Group, Pair
from exchange.datasets.writers.base import (
    NO_GRADE,
    NO_QUERY,
    Choices,
    Format,
    Line,
    Missed,
    as_line,
    plain,
)


def lines(pairs: Sequence[Pair], *, choices: Choices, missed: Missed) -> Iterator[Line]:
    for pair in pairs:
        first, second = _joined(pair.first_title, pair.first), _joined(pair.second_title, pair.second)
        if not (pair.query and first and second):
            missed["pairs without a text"] += 1
            continue
        ids = {"query_id": pair.query_id}
        if pair.preferred == "tie":
            record = {"prompt": pair.query, "first": first, "second": second, **ids}
            record |= {"first_id": pair.first_id, "second_id": pair.second_id}
            yield f"preference/ties-{pair.split}.jsonl", as_line(record)
            continue
        sides = [(first, pair.first_id), (second, pair.second_id)]
        (chosen, chosen_id), (rejected, rejected_id) = sides if pair.preferred == "first" else sides[::-1]
        record = {"prompt": pair.query, "chosen": chosen, "rejected": rejected, **ids}
        record |= {"chosen_id": chosen_id, "rejected_id": rejected_id}
        yield f"preference/{pair.split}.jsonl", as_line(record)


def lines_of_grades(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    if not group.query:
        missed[NO_QUERY] += 1
        return
    graded = [(row.grade, row) for row in group.with_text if row.grade is not None]
    missed[NO_GRADE] += len(group.with_text) - len(graded)
    graded.sort(key=lambda each: -each[0])  # stable: within a grade the table's order
    for place, (grade, row) in enumerate(graded):
        lower = [(its, other) for its, other in graded[place + 1 :] if its < grade]
        for its, other in lower[: choices.negatives]:
            record = {
                "prompt": group.query,
                "chosen": row.text,
                "rejected": other.text,
                "margin": grade - its,
                "query_id": group.query_id,
                "chosen_id": row.candidate_id,
                "rejected_id": other.candidate_id,
            }
            yield f"preference-grades/{group.split}.jsonl", as_line(record)


def _joined(title: str, text: str) -> str:
    return f"{title} {text}" if title else text


FORMAT = Format(
    "preference",
    "Preference pairs (DPO), from comparisons",
    "Reward models and judges",
    "DPO and reward models: what was preferred where people or a judge compared two candidates.",
    plain(lines),
    reads="pairs",
    evaluates=True,
)
OF_GRADES = Format(
    "preference-grades",
    "Preference pairs (DPO), from grades",
    "Reward models and judges",
    "The same from single grades: of two candidates of a query the one with the higher grade.",
    plain(lines_of_grades),
    evaluates=True,
)
