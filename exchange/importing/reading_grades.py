"""From a grade as it stands in a file to what is stored: a person's is strict, a judge's never fails."""

import math
from typing import NamedTuple

from corpus.models import Rubric
from corpus.models.rubric import Scale

KNOWN_OUTCOMES = frozenset(
    ("graded", "scored", "abstained", "unreadable", "out_of_range", "empty", "refused", "error")
)
LONGEST_SAID = 40


class ReadVerdict(NamedTuple):
    outcome: str
    grade: int | None
    score: float | None
    raw: str


class GradeReader:
    """Reads grades against one rubric; remembers the spellings it has met."""

    def __init__(self, rubric: Rubric) -> None:
        self.values = frozenset(rubric.values)
        self.may_abstain = rubric.may_abstain
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
        said = text.strip()
        said = said if len(said) <= LONGEST_SAID else said[:LONGEST_SAID] + "…"
        if not said:
            return f"The grade is empty. {self.words}"
        if _number(text) is None:
            return f"“{said}” is not a grade. {self.words}"
        return f"The grade {said} is outside the rubric. {self.words}"

    def verdict(self, text: str | None, *, score: float | None, outcome: str, reply: str) -> ReadVerdict:
        """A judge's answer: graded, or the outcome that says why not, with the raw text kept.

        A stated outcome is believed where the row bears it out ("Out of range" is out_of_range); otherwise,
        and for words that are no outcome, the grade itself tells. Scores are kept where there is a grade, or
        a score was all there is.
        """
        raw = reply or text or ""
        grade = self.in_rubric(text) if text else None
        stated = "_".join(outcome.lower().replace("-", " ").replace("_", " ").split()) if outcome else ""
        if stated == "scored" and score is not None:
            return ReadVerdict("scored", None, score, raw)
        if stated in KNOWN_OUTCOMES and stated not in ("graded", "scored"):
            return ReadVerdict(stated, None, None, raw)
        if grade is not None:
            return ReadVerdict("graded", grade, score, reply)
        if not text or not text.strip():
            if score is not None:
                return ReadVerdict("scored", None, score, raw)
            return ReadVerdict("unreadable" if reply.strip() else "empty", None, None, raw)
        return ReadVerdict("unreadable" if _number(text) is None else "out_of_range", None, None, raw)


class NamedGradeReader(GradeReader):
    """Reads grades of other tools' scales: by value, by name, or by both ("3", "Perfectly relevant",
    "3 Perfectly relevant"), whatever the case.

    scale: of a rubric of criteria one of the further ones.
    """

    def __init__(self, rubric: Rubric, *, scale: Scale | None = None) -> None:
        super().__init__(rubric)
        scale = scale or rubric.scales[0]
        self.values = frozenset(scale.values)
        self.known = {
            spelling.casefold(): grade["value"]
            for grade in scale.grades
            for spelling in spellings_of(grade["value"], grade["name"])
        } | {str(value): value for value in scale.values}
        listed = ", ".join(f"{grade['value']} {grade['name']}".strip() for grade in scale.grades)
        self.words = f"The rubric “{rubric.name}” has the grades {listed}."

    def in_rubric(self, text: str) -> int | None:
        """The grade a text stands for, or None when it is none of the rubric's."""
        return super().in_rubric(" ".join(text.casefold().split()))

    def complaint(self, text: str) -> str:
        """Why a person's grade cannot be stored, and how to mend it."""
        said = text.strip()[:LONGEST_SAID]
        return f'{super().complaint(text)} Say which of them it is in the preview, or with --map "{said}=…".'


def spellings_of(value: int, name: str) -> list[str]:
    """How tools may spell a grade; the first is how Concord spells it for them."""
    if not name:
        return [str(value)]
    return [f"{value} {name}", name, *(f"{value}{sign} {name}" for sign in (":", ".", " -", " –"))]


def _number(text: str) -> float | None:
    """The finite number a text says; None where it says none. Python's own 1_000 is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None
