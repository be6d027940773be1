"""Learning to rank in SVMlight form: `grade qid:n 1:… 2:… # query candidate`, as XGBoost and LightGBM read.

A value that is not known is left out, which readers take as 0. Queries are numbered from 1 through all
splits.
"""

import re
from collections.abc import Iterator
from itertools import count

from exchange.datasets.table import Group, Row
from exchange.datasets.writers.base import NO_GRADE, Choices, Format, Line, Lines, Missed

FEATURES = (
    "the judge’s score",
    "the judge’s log-odds of relevance",
    "1 / rank in the pool",
    "words of the candidate",
    "share of the query’s words that the candidate has",
    "share of the query’s words that the title has",
)
WORD = re.compile(r"\w+")


def start(choices: Choices, missed: Missed) -> Lines:
    numbers = count(1)

    def lines(group: Group) -> Iterator[Line]:
        number, asked = next(numbers), frozenset(WORD.findall(group.query.casefold()))
        path = f"ltr/{group.split}.txt"
        for row in group.rows:
            if row.target_grade is None:
                missed[NO_GRADE] += 1
                continue
            features = " ".join(
                f"{place}:{value!r}"
                for place, value in enumerate(_features(row, asked), start=1)
                if value is not None
            )
            ids = " ".join(f"{group.query_id} {row.candidate_id}".split())
            yield path, f"{row.target_grade} qid:{number} {features} # {ids}\n".encode()

    return lines


def _features(row: Row, asked: frozenset[str]) -> tuple[float | int | None, ...]:
    words = WORD.findall(row.candidate.casefold())
    return (
        row.score,
        row.log_odds,
        1 / row.rank if row.rank else None,
        len(words),
        _share(asked, words),
        _share(asked, WORD.findall(row.title.casefold())),
    )


def _share(asked: frozenset[str], words: list[str]) -> float:
    return len(asked.intersection(words)) / len(asked) if asked else 0.0


EXPLAINED = "".join(f"{place}\t{name}\n" for place, name in enumerate(FEATURES, start=1))

FORMAT = Format(
    "ltr",
    "Learning to rank (SVMlight)",
    "Evaluation",
    "LightGBM, XGBoost, RankLib: a grade and simple features of each candidate, by query.",
    start,
    evaluates=True,
    extras={"ltr/features.txt": EXPLAINED.encode()},
)
