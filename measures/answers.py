"""What became of each answer of a compliance experiment, and the rates that follow.

An item is answerable (people have graded it) or a boundary case where the right answer is that it cannot be
judged. An answer without a readable grade is never a wrong one by the back door: it has a code of its own,
and counts as wrong or not at all by choice (`without_unreadable`).
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from measures.estimates import UNDEFINED, Estimate
from measures.proportions import clustered_share
from measures.tables import Floats

Codes = NDArray[np.int8]


class Answer(IntEnum):
    """One answer, as stored and passed between rooms."""

    MISSING = -1  # no verdict, or an engine's error: not the judge's doing
    CORRECT = 0
    WRONG = 1  # another grade than people's
    FABRICATED = 2  # a grade where abstaining is right
    OVER_ABSTAINED = 3  # no grade where people have one
    UNREADABLE = 4  # unreadable, out of range, refused or empty


class Reply(IntEnum):
    """What kind of reply a judge gave."""

    NONE = 0
    GRADED = 1
    ABSTAINED = 2
    UNREADABLE = 3


MODES = tuple(answer for answer in Answer if answer != Answer.MISSING)


class Rates(NamedTuple):
    """One judge in one cell: shares of its answers, each with what it is a share of."""

    n: int  # answers that are not missing
    n_items: int  # items with such an answer
    n_missing: int  # answers that were asked for and are not there
    counts: tuple[int, ...]  # answers by MODES; they add up to n
    accuracy: Estimate
    n_accuracy: int  # n, without unreadable ones where these are left out
    fabrication: Estimate
    n_abstain: int  # answers on items where abstaining is right
    over_abstention: Estimate
    n_answerable: int  # answers on the other items
    unreadable: Estimate  # of all n, however they count elsewhere


def classify(
    references: ArrayLike, abstain: ArrayLike, replies: ArrayLike, grades: ArrayLike, *, within: int = 0
) -> Codes:
    """The code of each answer, in the shape (..., N, R) of `replies` and `grades`: R repeats on N items.

    `references` (N,) are positions of people's grades on the scale (any number where `abstain` (N,) is true),
    `replies` codes of Reply, `grades` positions. A grade up to `within` positions from people's is correct.
    """
    reply, grade = np.asarray(replies), np.asarray(grades, dtype=np.int64)
    people = np.asarray(references, dtype=np.int64)[:, None]
    unjudgeable = np.asarray(abstain, dtype=bool)[:, None]
    is_near = np.abs(grade - people) <= within
    graded = np.where(unjudgeable, Answer.FABRICATED, np.where(is_near, Answer.CORRECT, Answer.WRONG))
    abstained = np.where(unjudgeable, Answer.CORRECT, Answer.OVER_ABSTAINED)
    found = np.select(
        [reply == Reply.GRADED, reply == Reply.ABSTAINED, reply == Reply.UNREADABLE],
        [graded, np.broadcast_to(abstained, reply.shape), Answer.UNREADABLE],
        Answer.MISSING,
    )
    codes: Codes = found.astype(np.int8)
    return codes


def without_unreadable(answers: Codes) -> Codes:
    """The same answers with unreadable ones as missing: what the second analysis looks at."""
    readable: Codes = np.where(answers == Answer.UNREADABLE, np.int8(Answer.MISSING), answers)
    return readable


def right_and_asked(answers: Codes) -> tuple[Floats, Floats]:
    """How many of an item's answers are correct, and how many there are: (..., N, R) → two of (..., N)."""
    right = (answers == Answer.CORRECT).sum(axis=-1).astype(np.float64)
    asked = (answers != Answer.MISSING).sum(axis=-1).astype(np.float64)
    return right, asked


def rates(answers: Codes, abstain: ArrayLike, *, counted: Codes | None = None) -> Rates:
    """The rates of one judge in one cell from its answers (N, R); `abstain` (N,) says where that is right.

    Accuracy = correct / n, fabrication rate = fabricated / answers where abstaining is right, over-abstention
    rate = over-abstained / the other answers, unreadable rate = unreadable / n. `counted` are the answers
    that the first three go by where these are others (unreadable ones left out). Intervals are Wilson's over
    items (`measures.proportions.clustered_share`).
    """
    unjudgeable = np.asarray(abstain, dtype=bool)
    used = answers if counted is None else counted
    there, present = answers != Answer.MISSING, used != Answer.MISSING
    return Rates(
        n=int(there.sum()),
        n_items=int(there.any(axis=1).sum()),
        n_missing=int((~there).sum()),
        counts=tuple(int((answers == mode).sum()) for mode in MODES),
        accuracy=_share(used == Answer.CORRECT, present),
        n_accuracy=int(present.sum()),
        fabrication=_share((used == Answer.FABRICATED)[unjudgeable], present[unjudgeable]),
        n_abstain=int(present[unjudgeable].sum()),
        over_abstention=_share((used == Answer.OVER_ABSTAINED)[~unjudgeable], present[~unjudgeable]),
        n_answerable=int(present[~unjudgeable].sum()),
        unreadable=_share(answers == Answer.UNREADABLE, there),
    )


def _share(is_such: NDArray[np.bool_], is_there: NDArray[np.bool_]) -> Estimate:
    if not is_there.any():
        return UNDEFINED
    return clustered_share(is_such.sum(axis=1), is_there.sum(axis=1))
