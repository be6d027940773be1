"""From a grade as it stands in a file to what the store holds: a person's is strict, a judge's never fails."""

from typing import NamedTuple

from corpus.models import Rubric

KNOWN_OUTCOMES = frozenset(
    ("graded", "scored", "abstained", "unreadable", "out_of_range", "empty", "refused", "error")
)


class ReadVerdict(NamedTuple):
    outcome: str
    grade: int | None
    score: float | None
    raw: str


class GradeReader:
    """Reads grades against one rubric; remembers the spellings it has met."""

    def __init__(self, rubric: Rubric) -> None:
        self.values = frozenset(rubric.values)
        self.known: dict[str, int] = {str(value): value for value in rubric.values}
        self.words = f"The rubric “{rubric.name}” has the grades {', '.join(map(str, rubric.values))}."

    def in_rubric(self, text: str) -> int | None:
        """The grade a text stands for ("2", "2.0", " 2 "), or None when it is none of the rubric's."""
        grade = self.known.get(text)
        if grade is None:
            number = _number(text)
            if number is not None and number in self.values:
                grade = self.known[text] = int(number)
        return grade

    def complaint(self, text: str) -> str:
        """Why a person's grade cannot be stored, and how to mend it."""
        if _number(text) is None:
            return f"“{text[:40]}” is not a grade. {self.words}"
        return f"The grade {text[:40]} is outside the rubric. {self.words}"

    def verdict(self, text: str | None, *, score: float | None, outcome: str, reply: str) -> ReadVerdict:
        """A judge's answer: graded, or the outcome that says why not, with the raw text kept.

        A stated outcome that fits is believed; an unknown word is ignored in favour of the grade itself.
        """
        raw = reply or text or ""
        grade = self.in_rubric(text) if text else None
        if (grade is not None and outcome in ("", "graded")) or (
            grade is not None and outcome not in KNOWN_OUTCOMES
        ):
            return ReadVerdict("graded", grade, score, reply)
        if outcome in KNOWN_OUTCOMES and outcome not in ("graded", "scored"):
            return ReadVerdict(outcome, None, None, raw)
        if score is not None and not text:
            return ReadVerdict("scored", None, score, reply)
        if not text or not text.strip():
            return ReadVerdict("empty" if not reply.strip() else "unreadable", None, None, raw)
        if _number(text) is None:
            return ReadVerdict("unreadable", None, None, raw)
        return ReadVerdict("out_of_range", None, None, raw)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None
