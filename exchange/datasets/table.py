"""The canonical long table: one row for each (query, candidate), and what writers ask of a query's rows.

Rows of a query stand together, queries in the order of their ids; within a query positives come first, then
falling scores, then falling grades, then ids. Ids are compared byte by byte. So the same data give the same
table, whatever order they came in.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class State(StrEnum):
    """What a candidate is to its query. Unjudged is never "not relevant"."""

    POSITIVE = "positive"
    RELABELLED_POSITIVE = "relabelled_positive"  # relevant by a judge, where no person said so
    AMBIGUOUS = "ambiguous"  # judged, and neither a positive nor a negative
    HARD_NEGATIVE = "hard_negative"
    RANDOM_NEGATIVE = "random_negative"
    UNJUDGED = "unjudged"


POSITIVES = frozenset({State.POSITIVE, State.RELABELLED_POSITIVE})
NEGATIVES = frozenset({State.HARD_NEGATIVE, State.RANDOM_NEGATIVE})


class Row(NamedTuple):
    """One candidate of one query. Texts that are not known are empty; numbers that are not known are None."""

    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    split: str  # train, dev or test
    state: str
    grade: int | None  # a person's where graded_by says so, else the judge's
    score: float | None  # the judge's: a probability, an expected grade, or whatever its scoring gives
    log_odds: float | None  # of being relevant, by the judge
    miner: str = ""
    rank: int | None = None
    judge: str = ""  # whose score and log-odds these are
    prompt_hash: str = ""
    rule: str = ""  # by which the state follows
    graded_by: str = ""  # people, judge, or nobody
    reason: str = ""  # in words, where the plan asks for reasons

    @property
    def is_positive(self) -> bool:
        return self.state in POSITIVES

    @property
    def text(self) -> str:
        """Title and text as one passage."""
        return f"{self.title} {self.candidate}" if self.title else self.candidate

    @property
    def target_grade(self) -> int | None:
        """The grade; where there is none 1 for positives and 0 for negatives, None for all others."""
        if self.grade is not None:
            return self.grade
        return 1 if self.is_positive else 0 if self.state in NEGATIVES else None


class Pair(NamedTuple):
    """Two candidates of one query of which one may be better."""

    query_id: str
    query: str
    need: str
    first_id: str
    first_title: str
    first: str
    second_id: str
    second_title: str
    second: str
    split: str
    preferred: str  # first, second or tie
    score: float | None  # the judge's probability that the first is better
    judge: str = ""
    prompt_hash: str = ""
    graded_by: str = ""
    n_labels: int = 0


class Marks(NamedTuple):
    """One candidate's grades on several criteria."""

    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    split: str
    criteria: list[str]
    grades: list[int]  # of people the nearest grade to their mean, the upper of two
    judge: str = ""
    prompt_hash: str = ""
    graded_by: str = ""
    n_labels: int = 0

    @property
    def text(self) -> str:
        """Title and text as one passage."""
        return f"{self.title} {self.candidate}" if self.title else self.candidate


class Group:
    """All rows of one query, as writers read them: those without any text are in neither list."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.query_id, self.query, self.split = rows[0].query_id, rows[0].query, rows[0].split

    @cached_property
    def positives(self) -> list[Row]:
        return [row for row in self.rows if row.state in POSITIVES and (row.candidate or row.title)]

    @cached_property
    def negatives(self) -> list[Row]:
        """The hardest first."""
        hard, random = (
            [row for row in self.rows if row.state == state and (row.candidate or row.title)]
            for state in (State.HARD_NEGATIVE, State.RANDOM_NEGATIVE)
        )
        return hard + random

    @property
    def with_text(self) -> list[Row]:
        return [row for row in self.rows if row.candidate or row.title]
