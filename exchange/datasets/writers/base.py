"""What a format is: a name, what it is for, and how one query's rows become lines of files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson

from exchange.datasets.soft import Unit

Line: TypeAlias = tuple[str, bytes]  # the file's path within the release, and what is appended to it
Missed: TypeAlias = Counter[str]  # reason → how many rows or queries the format had to leave out
Lines: TypeAlias = Callable[[Any], Iterable[Line]]  # one query's rows → lines


class CannotWrite(Exception):
    """The rows do not fit the format; a sentence says which and what to do."""


class Choices(NamedTuple):
    """What of a plan the writers go by."""

    negatives: int = 4  # at most so many of a query's, from the front
    margin: Unit = "log_odds"
    tag: str = "concord"  # names a run in a run file
    seed: int = 0


class Format(NamedTuple):
    """One way to write a table.

    start: makes what turns a query's rows into lines; called once a release, so it may remember.
    reads: which table it is made of. needs: what a judge must give for it.
    evaluates: whether test queries are written too, into files of their own; else they are held out.
    edition: to be raised whenever the same rows would give other bytes.
    head: what a new file begins with. extras: files that are always the same.
    """

    name: str
    title: str
    group: Literal["Retrievers and rerankers", "Evaluation", "Reward models and judges", "Tables"]
    use: str
    start: Callable[[Choices, Missed], Lines]
    reads: Literal["rows", "pairs", "criteria"] = "rows"
    needs: Literal["", "scores", "log-odds"] = ""
    evaluates: bool = False
    edition: int = 1
    head: Callable[[str], bytes] = lambda path: b""
    extras: Mapping[str, bytes] = {}


def plain(lines: Callable[..., Iterator[Line]], **how: Any) -> Callable[[Choices, Missed], Lines]:
    """The `start` of a format whose lines depend on nothing but the query's rows and the choices."""

    def start(choices: Choices, missed: Missed) -> Lines:
        return partial(lines, choices=choices, missed=missed, **how)

    return start


def as_line(record: Mapping[str, Any]) -> bytes:
    """The record as one JSON line."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


NO_QUERY = "queries without a text"
NO_POSITIVE = "queries without a positive"
NO_NEGATIVE = "queries without a negative"
FEW_NEGATIVES = "queries with too few negatives"
NO_SCORE = "candidates without a score of the judge"
NO_GRADE = "candidates without a grade"
