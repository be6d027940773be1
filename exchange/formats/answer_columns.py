"""Which of a task's fields is the query and which the candidate, and which answer to it is the grade.

By explicit mapping first (theirs → ours), then by known names, then because there is only one. A mapping also
says which grade a choice stands for (Good=3, Unsure=cannot_judge), and that a rater is a judge or left out
(bot=judge, me=ignore).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from exchange.formats.answers import ANSWER_FIELDS, JUDGE, PERSON, TASK_FIELDS, Task
from exchange.formats.columns import IGNORED, METADATA, field_named, match_columns
from exchange.formats.kind import Kind, never_quick
from exchange.formats.names import normalised
from exchange.formats.rows import FileProblem, GradeRow

A_GRADE = re.compile(r"[-+]?\d+\Z")
CANNOT_JUDGE = "cannot_judge"
MOST_CHOICES = 30
MOST_LISTED = 12
ROLES = {PERSON: "rater", JUDGE: "judge"}

NO_ANSWERS = (
    "None of the first answers is a choice, a rating or a number. Spans, boxes and the like are not read:"
    " of such tasks the items alone come in."
)

SHOWN = Kind("task", GradeRow, TASK_FIELDS, never_quick)
GIVEN = Kind("answer", GradeRow, ANSWER_FIELDS, never_quick)


class AnswerColumns(NamedTuple):
    """columns: the fields of tasks, then questions.

    mapping: theirs → ours, for columns, and for raters: "rater", "judge" or "ignore". spellings: a choice →
    the grade it stands for, as the user said. choices: what was chosen for the grade in the first records.
    """

    columns: tuple[str, ...]
    mapping: dict[str, str]
    spellings: dict[str, str]
    choices: tuple[str, ...]
    notes: tuple[str, ...]


def columns_of_tasks(tasks: Sequence[Task]) -> tuple[str, ...]:
    """The names of what was shown and of what was asked, in the order in which they appear."""
    shown = _names(task.fields for task in tasks)
    return (*shown, *(name for name in _questions(tasks) if name not in shown))


def match_answers(
    tasks: Sequence[Task], mapping: Mapping[str, str], *, name: str, header: Sequence[str] = ()
) -> AnswerColumns:
    """Find the columns of tasks. `header`: of a table, where a column may be a rater's.

    Raises FileProblem where the mapping is wrong, or the texts or the grade cannot be told.
    """
    columns = columns_of_tasks(tasks)
    shown = _names(task.fields for task in tasks)
    raters = {answer.rater: answer.rater_kind for task in tasks for answer in task.answers}
    spellings, roles, of_shown, of_given = _sorted_out(mapping, columns, shown, {*raters, *header})
    found, shown_notes = match_columns(SHOWN, _not_asked_for(shown, of_given), of_shown)
    _demand_texts(found, columns, name)
    questions = [question for question in _questions(tasks) if question not in found]
    given, given_notes = _match_given(tasks, questions, of_given, name=name)
    grade = next((theirs for theirs, ours in given.items() if ours == "grade"), None)
    if not questions and any(
        not (each.is_skipped or each.prefers) for task in tasks for each in task.answers
    ):
        given_notes = (*given_notes, NO_ANSWERS)
    notes = [*shown_notes, *given_notes]
    if grade is not None and normalised(grade) not in ("grade", "rating", "label"):
        notes.append(f"The grade is what was answered to {grade!r}.")
    if not {"query_id", "candidate_id"} <= set(found.values()):
        notes.append(
            "What has no id here is known by its text: the project’s own of that text, else a new one."
        )
    settled = {**found, **given}
    of_raters = {column: ROLES[raters[column]] for column in header if column in raters}
    return AnswerColumns(
        columns,
        {**{column: settled[column] for column in columns if column in settled}, **of_raters, **roles},
        spellings,
        _choices(tasks, grade),
        tuple(notes),
    )


def _sorted_out(
    mapping: Mapping[str, str], columns: Sequence[str], shown: Sequence[str], known: set[str]
) -> tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]:
    """(spellings, roles of raters, what is said of fields, what of questions)."""
    spellings: dict[str, str] = {}
    roles: dict[str, str] = {}
    of_shown: dict[str, str] = {}
    of_given: dict[str, str] = {}
    for theirs, ours in mapping.items():
        if A_GRADE.match(ours) or (ours == CANNOT_JUDGE and theirs not in columns):
            spellings[theirs] = ours
        elif theirs not in columns:
            if theirs not in known or ours not in (*ROLES.values(), METADATA, IGNORED):
                listed = ", ".join(columns[:MOST_LISTED])
                raise FileProblem(f"There is no column {theirs!r} to map. The file has: {listed}.")
            if ours != METADATA:
                roles[theirs] = ours
        elif theirs in shown and (field_named(SHOWN, ours) or ours in (METADATA, IGNORED)):
            of_shown[theirs] = ours
        else:
            of_given[theirs] = ours
    return spellings, roles, of_shown, of_given


def _not_asked_for(shown: Sequence[str], of_given: Mapping[str, str]) -> list[str]:
    """The fields that the user has not said to be answers; in flat files one may be either."""
    return [column for column in shown if column not in of_given]


def _match_given(
    tasks: Sequence[Task], questions: Sequence[str], mapping: Mapping[str, str], *, name: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The questions' fields. Raises FileProblem where several could be the grade."""
    given, notes = match_columns(GIVEN, questions, mapping)
    if questions and "grade" not in given.values():
        chosen = [
            question
            for question in _names(answer.said for task in tasks for answer in task.answers)
            if question in questions and question not in given and not _is_flag(tasks, question)
        ]
        if len(chosen) > 1:
            raise FileProblem(
                f"{name} has several answers that could be the grade: {', '.join(chosen[:MOST_LISTED])}."
                f" Say which it is, for example --map {chosen[0]}=grade."
            )
        given = {**given, **dict.fromkeys(chosen, "grade")}
    if "rationale" not in given.values():
        said = _names(answer.said for task in tasks for answer in task.answers)
        written = [
            question
            for question in _names(answer.wrote for task in tasks for answer in task.answers)
            if question not in said and question not in given
        ]
        if len(written) == 1:
            given = {**given, written[0]: "rationale"}
    return given, tuple(note for note in notes if not note.startswith("Not kept"))


def _is_flag(tasks: Sequence[Task], question: str) -> bool:
    """Whether only true and false were answered: no scale of grades."""
    values = [answer.said.get(question) for task in tasks for answer in task.answers]
    return all(value is None or isinstance(value, bool) for value in values)


def _demand_texts(found: Mapping[str, str], columns: Sequence[str], name: str) -> None:
    """A task has a query and a candidate, each known by its text or its id."""
    for text, its_id in (("query", "query_id"), ("candidate", "candidate_id")):
        if text not in found.values() and its_id not in found.values():
            listed = ", ".join(columns[:MOST_LISTED])
            raise FileProblem(
                f"{name}: no field looks like the {text}. The file has: {listed}. "
                f"Say which one it is, for example --map {columns[0] if columns else 'text'}={text}."
            )


def _choices(tasks: Sequence[Task], grade: str | None) -> tuple[str, ...]:
    """The different choices as they are spelt, words before numbers."""
    found: dict[str, None] = {}
    for task in tasks:
        for answer in task.answers:
            value = answer.said.get(grade) if grade else None
            for choice in value if isinstance(value, list) else [value]:
                if isinstance(choice, int) and not isinstance(choice, bool):
                    found[str(choice)] = None
                elif isinstance(choice, str) and choice.strip():
                    found[choice] = None
    return tuple(sorted(found, key=is_whole))[:MOST_CHOICES]


def is_whole(choice: str) -> bool:
    """Whether the choice is a whole number, as most grades are."""
    return bool(A_GRADE.match(choice.strip()))


def _questions(tasks: Sequence[Task]) -> list[str]:
    answers = [answer for task in tasks for answer in task.answers]
    return list(dict.fromkeys((*_names(a.said for a in answers), *_names(a.wrote for a in answers))))


def _names(dicts: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for one in dicts for name in one))
