"""The count array: all that agreement needs to know about one judge's grades.

`counts[q, h, j]` is how often in query q the reference was grade h (by position in the rubric) and the judge
said j. The first K columns are the grades in the same order; three more hold the verdicts without a grade,
see `Ungraded`. Shape (Q, K, K + 3), int64. Two human raters fit as well: one takes the reference's place.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


class Ungraded(IntEnum):
    """Columns after the K grades, for verdicts that carry none."""

    ABSTAINED = 0
    FAILED = 1  # unreadable, out of range, empty, refused, error
    SCORED = 2  # a score and, by design, no grade: neither an abstention nor a failure

    def column(self, *, n_grades: int) -> int:
        """The judged column of the count array that holds this kind."""
        return n_grades + self.value


def count_array(
    rows: Sequence[tuple[int, int, int, int]] | NDArray[np.int64], *, n_queries: int, n_grades: int
) -> Counts:
    """The count array (Q, K, K + 3) of rows (query position, reference position, judged column, count).

    Rows of the same cell add up. ValueError for a row outside the array or a negative count.
    """
    table = np.asarray(rows, dtype=np.int64).reshape(-1, 4)
    shape = (n_queries, n_grades, n_grades + len(Ungraded))
    positions, amounts = table[:, :3], table[:, 3]
    outside = (positions < 0).any(axis=1) | (positions >= shape).any(axis=1) | (amounts < 0)
    if outside.any():
        raise ValueError(f"Row {table[outside][0].tolist()} does not fit a count array of shape {shape}.")
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, tuple(positions.T), amounts)
    return counts


def graded(counts: Counts) -> Counts:
    """The verdicts with a grade: (Q, K, K), a view. Summed over its first axis it is the confusion matrix."""
    n_grades = counts.shape[1]
    if counts.ndim != 3 or counts.shape[2] != n_grades + len(Ungraded):
        raise ValueError(f"A count array has the shape (Q, K, K + {len(Ungraded)}); got {counts.shape}.")
    return counts[:, :, :n_grades]


def ungraded_as_wrong(counts: Counts, *, values: Sequence[float], cut: float) -> Counts:
    """The same counts with every abstention and failure as a wrong grade: (Q, K, K + 3).

    Wrong is the end of the scale on the other side of the cut: the lowest grade where the reference is
    relevant, the highest where it is not. So it is wrong exactly, at the cut, and by much. Verdicts that
    carry a score and, by design, no grade stay as they are.
    """
    n_grades = graded(counts).shape[1]
    moved = counts.copy()
    for kind in (Ungraded.ABSTAINED, Ungraded.FAILED):
        column = kind.column(n_grades=n_grades)
        for position, value in enumerate(values):
            wrong = 0 if value >= cut else n_grades - 1
            moved[:, position, wrong] += counts[:, position, column]
        moved[:, :, column] = 0
    return moved


def n_verdicts(counts: Counts) -> int:
    """*n*: all verdicts on items with a reference, whatever their outcome."""
    return int(counts.sum())


def n_graded(counts: Counts) -> int:
    """*n_graded*: the verdicts among them that carry a grade."""
    return int(graded(counts).sum())
