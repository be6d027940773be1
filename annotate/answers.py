"""What a person can answer on the labelling screen, and the answers in words.

The grades of a preference are seen from the pair's first candidate; on the screen they are left and right.
"""

from typing import NamedTuple, Protocol

from annotate.models import Label
from corpus.models import Rubric
from corpus.models.rubric import FIRST_BETTER, RIVAL_BETTER, TIE
from corpus.templatetags.show import ramp_step

SIDES = {
    FIRST_BETTER: "the left one is better",
    TIE: "neither is better",
    RIVAL_BETTER: "the right one is better",
}


class GradeButton(NamedTuple):
    """`actions`: the names of what presses it (annotate.keys), with spaces between them."""

    value: int
    sign: str  # on the chip: the key that presses it
    name: str
    meaning: str
    actions: str
    step: int
    is_chosen: bool = False


class Criterion(NamedTuple):
    """One of several scales on the screen, by the name of its field."""

    field: str
    name: str
    meaning: str
    buttons: list[GradeButton]


def grade_buttons(rubric: Rubric, *, rival_first: bool = False) -> list[GradeButton]:
    """The rubric's grades, each with what presses it: its own number; on two grades also no and yes.

    Of a preference: left (1), neither (0), right (2), whichever candidate stands there.
    """
    if rubric.compares:
        return _side_buttons(rubric, rival_first=rival_first)
    words = ["no", "yes"] if len(rubric.grades) == 2 else [""] * len(rubric.grades)
    return [
        GradeButton(
            value=grade["value"],
            sign=str(grade["value"]),
            name=grade["name"],
            meaning=grade["meaning"],
            actions=f"grade_{grade['value']} {word}".strip(),
            step=ramp_step(index, len(rubric.grades)),
        )
        for index, (grade, word) in enumerate(zip(rubric.grades, words, strict=True))
    ]


def _side_buttons(rubric: Rubric, *, rival_first: bool) -> list[GradeButton]:
    left, right = (RIVAL_BETTER, FIRST_BETTER) if rival_first else (FIRST_BETTER, RIVAL_BETTER)
    shown = [
        (left, "Left is better", 1),
        (TIE, "Neither is better", 0),
        (right, "Right is better", 2),
    ]
    return [
        GradeButton(value, str(key), name, "", f"grade_{key}", step=5)
        for value, name, key in shown
        if value in rubric.values
    ]


def criteria_of(rubric: Rubric, earlier: Label | None) -> list[Criterion]:
    """All scales of a rubric of criteria, with what was chosen before; none for other rubrics."""
    if rubric.kind != Rubric.Kind.CRITERIA:
        return []
    said = [earlier.grade, *(earlier.marks or [])] if earlier and not earlier.cannot_judge else []
    return [
        Criterion(
            field="grade" if place == 0 else f"mark_{place}",
            name=scale.name,
            meaning=scale.meaning,
            buttons=[
                GradeButton(
                    value=grade["value"],
                    sign=str(grade["value"]),
                    name=grade["name"],
                    meaning=grade["meaning"],
                    actions="",
                    step=ramp_step(index, len(scale.grades)),
                    is_chosen=said[place : place + 1] == [grade["value"]],
                )
                for index, grade in enumerate(scale.grades)
            ],
        )
        for place, scale in enumerate(rubric.scales)
    ]


class Answer(Protocol):
    """A label, or as much of one as an answer in words needs."""

    grade: int | None
    marks: list[int] | None
    cannot_judge: bool
    rival_first: bool | None


def sign_of(label: Answer, rubric: Rubric) -> str:
    """What stands on the chip of a person's own answer."""
    if label.cannot_judge:
        return "–"
    if not rubric.compares:
        return str(label.grade)
    return {FIRST_BETTER: "L", TIE: "=", RIVAL_BETTER: "R"}[_as_seen(label.grade, label.rival_first)]


def words_of(label: Answer, rubric: Rubric, *, rival_first: bool | None = None) -> str:
    """The answer in words, as its author saw the candidates, or as somebody else does (`rival_first`)."""
    if label.cannot_judge:
        return "cannot judge"
    seen = label.rival_first if rival_first is None else rival_first
    further = " ".join(map(str, label.marks or []))
    return answer_words(rubric, label.grade, rival_first=seen) + (f" · {further}" if further else "")


def answer_words(rubric: Rubric, grade: int, *, rival_first: bool | None) -> str:
    """A grade in words: its numeral; of a preference which side is better."""
    return SIDES[_as_seen(grade, rival_first)] if rubric.compares else str(grade)


def _as_seen(grade: int, rival_first: bool | None) -> int:
    return FIRST_BETTER - grade if rival_first else grade
