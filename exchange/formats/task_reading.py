"""A labelling tool's records as rows: one for every answer, or the pair alone where nobody answered."""

from collections.abc import Mapping
from typing import Any

from exchange.formats.answer_columns import CANNOT_JUDGE, GIVEN, ROLES, SHOWN
from exchange.formats.answers import (
    ANSWER_FIELDS,
    JUDGE,
    PERSON,
    TASK_FIELDS,
    VARIANT_FIELDS,
    Answer,
    Task,
    object_in,
    texts,
)
from exchange.formats.columns import IGNORED, METADATA, field_named
from exchange.formats.grades import FIELDS as GRADE_FIELDS
from exchange.formats.kind import Kind
from exchange.formats.names import normalised
from exchange.formats.rows import BadRow, GradeRow, PairRow, PreferenceRow, Row
from exchange.formats.values import Unfit, grade_text, metadata_or_none, name_text, yes_or_no

SKIPPED, UNANSWERED = "skipped", "unanswered"
"""Outcomes of rows by which nothing is graded: somebody saw this and gave no answer; nobody answered."""
UNGRADED = (SKIPPED, UNANSWERED)

KINDS_OF_ROLES = {ours: kind for kind, ours in ROLES.items()}
CANNOT = frozenset(("cannot_judge", "can_t_judge", "cant_judge", "can_t_tell", "cant_tell", "unrateable"))
BLANK = {field.name: "" if field.is_needed else field.blank for field in GRADE_FIELDS[6:]}
CHECKS = {field.name: field.check for field in (*TASK_FIELDS, *ANSWER_FIELDS)}


class TaskReader:
    """Makes rows of records; mapping and spellings as `answer_columns.match_answers` found them."""

    def __init__(self, kind: Kind, mapping: Mapping[str, str], spellings: Mapping[str, str]) -> None:
        assert kind.tool is not None
        self.tasks_of = kind.tool.tasks_of
        self.spellings = spellings
        self.roles = mapping
        self.ignored = {theirs for theirs, ours in mapping.items() if ours == IGNORED}
        self.columns: dict[str, str] = {}
        self.raters: list[str] = []  # fields and questions that name the rater
        self.seen = set(mapping)
        for theirs, ours in mapping.items():
            self._take(theirs, ours)

    def rows(self, line: int, record: dict[str, Any]) -> list[Row | BadRow]:
        """The rows of one record; where something is wrong with the task itself, one bad row."""
        try:
            task = self.tasks_of(record)
        except Unfit as unfit:
            return [BadRow(line, "", str(unfit))]
        if task is None:
            return []
        self._learn(task)
        pair, variant = self._pair(line, task), self._variant(line, task)
        if isinstance(pair, BadRow):
            return [pair]
        if isinstance(variant, BadRow):
            return [variant]
        answers = [each for each in task.answers if each.rater not in self.ignored]
        is_graded = any(not (answer.prefers or answer.is_skipped) for answer in answers)
        rival = None if is_graded or variant["attack"] else self._rival(pair, task)
        if isinstance(rival, BadRow):
            return [rival]
        if rival is None:
            alone = grade_row(pair, variant, outcome=UNANSWERED) if variant["attack"] else pair
            return [self._answered(pair, variant, task, answer) for answer in answers] or [alone]
        compared = [self._compared(pair, rival, task, answer) for answer in answers]
        return compared if any(answer.prefers for answer in answers) else [*compared, pair, rival]

    def _take(self, theirs: str, ours: str) -> None:
        if ours == "rater":
            self.raters.append(theirs)
        elif ours not in (METADATA, IGNORED, ROLES[JUDGE]):
            self.columns[ours] = theirs

    def _learn(self, task: Task) -> None:
        """Give names that no record had so far to the fields that they name."""
        for name in task.fields.keys() - self.seen:
            self._claim(SHOWN, name)
        for answer in task.answers:
            for name in (answer.said.keys() | answer.wrote.keys()) - self.seen:
                self._claim(GIVEN, name)

    def _claim(self, kind: Kind, name: str) -> None:
        self.seen.add(name)
        field = field_named(kind, name)
        if field is not None and field.name not in self.columns:
            self._take(name, field.name)

    def _pair(self, line: int, task: Task) -> PairRow | BadRow:
        """The task's query and candidate."""
        values: dict[str, Any] = {}
        for name in ("query_id", "query", "need", "candidate_id", "title", "candidate"):
            column = self.columns.get(name, name)
            try:
                values[name] = CHECKS[name](task.fields.get(column))
            except Unfit as unfit:
                return BadRow(line, column, str(unfit))
        for name in ("query", "candidate"):
            if not values[name].strip() and not values[f"{name}_id"]:
                column = self.columns.get(name, name)
                return BadRow(line, column, f"The {name} is empty, and there is no {name}_id. Write one.")
        claimed = {*self.columns.values(), *self.raters, *self.ignored}
        rest = {
            key: value
            for key, value in task.fields.items()
            if key not in claimed and value not in (None, "", {}, [])
        }
        try:
            own = object_in(rest.get(METADATA))
            metadata = metadata_or_none({**own, **{k: rest[k] for k in rest if not own or k != METADATA}})
        except Unfit as unfit:
            return BadRow(line, METADATA, str(unfit))
        return PairRow(line, grade=None, rater="", metadata=metadata, **values)

    def _variant(self, line: int, task: Task) -> dict[str, Any] | BadRow:
        """What the task says of an attacked candidate, by fields of a GradeRow."""
        told: dict[str, Any] = {}
        for field in VARIANT_FIELDS:
            column = self.columns.get(field.name, field.name)
            try:
                told[field.name.removeprefix("variant_")] = field.check(task.fields.get(column))
            except Unfit as unfit:
                return BadRow(line, column, str(unfit))
        if bool(told["carrier"]) == bool(told["attack"]):
            return told
        lacking, given = ("attack", "a carrier") if told["carrier"] else ("carrier", "an attack")
        column = self.columns.get(f"variant_{lacking}", f"variant_{lacking}")
        return BadRow(line, column, f"The task has {given} and no {lacking}. Write both, or neither.")

    def _rival(self, pair: PairRow, task: Task) -> PairRow | BadRow | None:
        """The pair of the query with the candidate on the right; None where there is only one candidate."""
        values: dict[str, Any] = {}
        for name in ("rival_id", "rival_title", "rival"):
            column = self.columns.get(name, name)
            try:
                values[name] = CHECKS[name](task.fields.get(column))
            except Unfit as unfit:
                return BadRow(pair.line, column, str(unfit))
        if not values["rival_id"] and not values["rival"].strip():
            return None
        return pair._replace(
            candidate_id=values["rival_id"],
            title=values["rival_title"],
            candidate=values["rival"],
            metadata=None,
        )

    def _compared(self, pair: PairRow, rival: PairRow, task: Task, answer: Answer) -> Row | BadRow:
        """Which of the two is better, by one answer."""
        why = self.columns.get("rationale", "rationale")
        try:
            rater = self._rater(task, answer)
            rationale = texts(answer.wrote.get(why, answer.said.get(why)))
        except Unfit as unfit:
            return BadRow(pair.line, why, str(unfit))
        return PreferenceRow(
            *(pair.line, pair.query_id, pair.query, pair.need, pair.candidate_id, pair.title, pair.candidate),
            *(rival.candidate_id, rival.title, rival.candidate),
            KINDS_OF_ROLES.get(self.roles.get(answer.rater, ""), answer.rater_kind),
            rater,
            {"left": "candidate", "right": "rival"}.get(answer.prefers, ""),
            rationale,
            answer.score,
            answer.created_at,
            answer.seconds,
        )

    def _answered(
        self, pair: PairRow, variant: Mapping[str, Any], task: Task, answer: Answer
    ) -> Row | BadRow:
        """One answer as a row, or what is wrong with it."""
        kind = KINDS_OF_ROLES.get(self.roles.get(answer.rater, ""), answer.rater_kind)
        column = self.columns.get("grade", "grade")
        try:
            rater = self._rater(task, answer)
            grade = self._grade(answer, column)
            flag = self.columns.get("cannot_judge", CANNOT_JUDGE)
            cannot = yes_or_no(_only(answer.said.get(flag))) or grade == CANNOT_JUDGE
            why = self.columns.get("rationale", "rationale")
            rationale = texts(answer.wrote.get(why, answer.said.get(why)))
            marks = self._marks(answer)
        except Unfit as unfit:
            return BadRow(pair.line, column, str(unfit))
        outcome = "abstained" if cannot else ""
        if answer.is_skipped or (kind == PERSON and grade is None and not cannot):
            outcome = SKIPPED
        is_judge = kind == JUDGE
        return grade_row(
            pair,
            variant,
            rater_kind=kind,
            rater=rater,
            outcome=outcome,
            grade=None if cannot else grade,
            score=answer.score if is_judge else None,
            raw=rationale if is_judge else "",
            rationale="" if is_judge else rationale,
            marks=None if is_judge else marks,
            seconds=answer.seconds,
            created_at=answer.created_at,
        )

    def _rater(self, task: Task, answer: Answer) -> str:
        """Who answered: as the answer itself says, else the tool, else a field of the task."""
        for column in self.raters:
            if named := texts(answer.wrote.get(column, answer.said.get(column))).strip():
                return name_text(named)
        if answer.rater or answer.rater_kind == JUDGE:
            return name_text(answer.rater)
        return name_text(next((task.fields[name] for name in self.raters if task.fields.get(name)), ""))

    def _grade(self, answer: Answer, column: str) -> str | None:
        grade = grade_text(_only(answer.said.get(column)))
        if grade is None:
            return None
        grade = self.spellings.get(grade, self.spellings.get(grade.strip(), grade))
        return CANNOT_JUDGE if means_cannot_judge(grade) else grade

    def _marks(self, answer: Answer) -> dict[str, Any] | None:
        """What was chosen for further questions, criteria perhaps, by their names."""
        taken = {*self.columns.values(), *self.raters, *self.ignored}
        marks = {
            name: value[0] if isinstance(value, list) else value
            for name, value in answer.said.items()
            if name not in taken and not (isinstance(value, list) and len(value) != 1)
        }
        return {name: value for name, value in marks.items() if value is not None} or None


def grade_row(pair: PairRow, variant: Mapping[str, Any], **answered: Any) -> GradeRow:
    """A row of an answer; what no tool's file tells is blank."""
    told: dict[str, Any] = {**BLANK, **variant, **answered, "metadata": pair.metadata}
    return GradeRow(*pair[:7], **told)


def means_cannot_judge(choice: str) -> bool:
    """Whether a choice says, in words that are known, that its item could not be judged."""
    return normalised(choice) in CANNOT


def _only(value: Any) -> Any:
    """The one value of a list; None of an empty one."""
    if not isinstance(value, list):
        return value
    if len(value) > 1:
        chosen = ", ".join(str(each) for each in value[:3])
        raise Unfit(f"Several were chosen ({chosen}), and an item has one grade. Correct it in the tool.")
    return value[0] if value else None
