"""What Concord's own export tells of a label besides its grade."""

from collections.abc import Sequence
from typing import NamedTuple

from annotate.models import Label
from corpus.models.rubric import Scale
from exchange.formats.rows import GradeRow
from exchange.importing.reading_grades import GradeReader

MOST = 2**31 - 1  # of PostgreSQL's integer
COLUMNS = ("reason", "marks", "gold_grade", "guidelines_version", "drawn_with", "seconds")


class LabelFacts(NamedTuple):
    """In the order of COLUMNS."""

    reason: str = ""
    marks: tuple[int, ...] | None = None  # of the rubric's further criteria, in its order
    gold_grade: int | None = None
    guidelines_version: int | None = None
    drawn_with: float | None = None
    seconds: float | None = None


NO_FACTS = LabelFacts()


def read_facts(
    row: GradeRow, grade: int | None, *, criteria: Sequence[Scale], grades: GradeReader
) -> LabelFacts | tuple[str, str]:
    """The row's facts, or the column and the reason why they cannot be stored."""
    if row.reason not in ("", *Label.Reason.values) or (row.reason and grade is not None):
        known = ", ".join(Label.Reason.values)
        return "reason", f"A reason is one of {known}, and stands where somebody could not judge."
    marks = _marks(row, grade, criteria)
    if isinstance(marks, str):
        return "marks", marks
    gold = grades.in_rubric(row.gold_grade) if row.gold_grade else None
    if row.gold_grade and gold is None:
        return "gold_grade", grades.complaint(row.gold_grade)
    version = row.guidelines_version
    if version is not None and not (version.is_integer() and 1 <= version <= MOST):
        return "guidelines_version", "A version is a whole number from 1."
    if row.drawn_with is not None and not 0 < row.drawn_with <= 1:
        return "drawn_with", "A chance lies above 0 and is at most 1."
    if row.seconds is not None and row.seconds < 0:
        return "seconds", "A time is not below 0."
    return LabelFacts(
        row.reason, marks, gold, int(version) if version is not None else None, row.drawn_with, row.seconds
    )


def _marks(row: GradeRow, grade: int | None, criteria: Sequence[Scale]) -> tuple[int, ...] | str | None:
    """The grades of the further criteria in order, None without any; a text says what is wrong."""
    if not row.marks:
        return None
    if grade is None:
        return "Who cannot judge grades no criterion."
    names = [scale.name for scale in criteria]
    if sorted(row.marks) != sorted(names):
        return f"The project's further criteria are {', '.join(names) or 'none'}; each wants a grade."
    found = []
    for scale in criteria:
        mark = row.marks[scale.name]
        if type(mark) is not int or mark not in scale.values:
            return f"“{scale.name}” has the grades {', '.join(map(str, scale.values))}."
        found.append(mark)
    return tuple(found)
