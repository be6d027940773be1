"""What an import would store, seen from the first rows of its file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from corpus.models import Job, Rubric
from exchange.formats.answers import JUDGE, PERSON
from exchange.formats.columns import METADATA
from exchange.formats.kinds import KINDS
from exchange.formats.rows import (
    AttackRow,
    BadRow,
    CollectionRow,
    FileProblem,
    GradeRow,
    HitRow,
    LabelRow,
    PairRow,
    PreferenceRow,
    QrelRow,
    Row,
    TopicRow,
    VerdictRow,
)
from exchange.formats.sniffed import Sniffed
from exchange.formats.sniffing import columns_of
from exchange.formats.task_reading import SKIPPED, UNGRADED
from exchange.importing.estimating import estimate_rows
from exchange.importing.importer import sniff_import
from exchange.importing.labels import DEFAULT_RATER
from exchange.importing.preferences import NO_SCALE
from exchange.importing.reading_grades import GradeReader, NamedGradeReader

LONGEST_SHOWN = 400
SHAPED_BY_THE_FORMAT = ("trec", "trec_topics")


class ShownRow(NamedTuple):
    """A row of the preview: `cells` in the order of the preview's fields, a `grade` or `outcome` among them
    as it will be stored; `reason` (and `column`) where it cannot be."""

    line: int
    cells: tuple[Any, ...]
    column: str
    reason: str


class Preview(NamedTuple):
    """columns: the file's, known even where `problem` says why it cannot be read as asked (sniffed is None
    then). mapping: theirs → ours as it now stands. examples: a value of each column, "" where there is none.
    asks: what the file leaves open: "rater", "judge", or "source" (which of the two gave its grades).
    n_rows: an estimate, None when unknown.
    """

    sniffed: Sniffed | None
    problem: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    examples: dict[str, str]
    asks: frozenset[str]
    fields: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    n_rows: int | None

    @property
    def can_be_mapped(self) -> bool:
        """Whether the user decides what a column means; TREC's formats decide it themselves."""
        return bool(self.columns) and not (self.sniffed and self.sniffed.file_format in SHAPED_BY_THE_FORMAT)

    @property
    def n_bad(self) -> int:
        return sum(bool(row.reason) for row in self.rows)


def preview_import(job: Job) -> Preview:
    """The first rows of the job's file as they will be stored, under the choices made so far."""
    path, params = Path(job.params["path"]), job.params
    try:
        sniffed = sniff_import(job)
    except FileProblem as problem:
        try:
            columns = columns_of(
                path, kind=params.get("kind") or None, encoding=params.get("encoding") or None
            )
        except FileProblem:
            columns = {}
        chosen = {theirs: ours for theirs, ours in params.get("mapping", {}).items() if theirs in columns}
        examples = {column: _text(example) for column, example in columns.items()}
        return Preview(None, str(problem), tuple(columns), chosen, examples, frozenset(), (), (), None)
    is_tools = KINDS[sniffed.kind].tool is not None
    grades = (NamedGradeReader if is_tools else GradeReader)(job.project.rubric)
    if any(isinstance(row, PreferenceRow) for row in sniffed.first_rows):
        scales = job.project.rubrics.filter(kind=Rubric.Kind.PREFERENCE)
        params = params | {"can_compare": scales.exists()}
    rows = [_shown(row, grades, params) for row in sniffed.first_rows]
    names = dict.fromkeys(name for _, values, _, _ in rows for name in values)
    fields = tuple(
        name for name in names if any(values.get(name) not in (None, "") for _, values, _, _ in rows)
    )
    return Preview(
        sniffed=sniffed,
        problem="",
        columns=sniffed.columns,
        mapping=sniffed.mapping,
        examples=_examples(sniffed),
        asks=_asks(sniffed),
        fields=fields,
        rows=tuple(
            ShownRow(line, tuple(values.get(name) for name in fields) if values else (), column, reason)
            for line, values, column, reason in rows
        ),
        n_rows=estimate_rows(path),
    )


def _asks(sniffed: Sniffed) -> frozenset[str]:
    if KINDS[sniffed.kind].tool:
        return _asks_of_answers(sniffed)
    ours = set(sniffed.mapping.values())
    if sniffed.kind == "qrels":
        return frozenset(("source",))
    if sniffed.kind == "verdicts" and "judge" not in ours:
        return frozenset(("judge",))
    if (
        sniffed.kind in ("pairs", "attacks", "labels")
        and "rater" not in ours
        and ours & {"grade", "cannot_judge"}
    ):
        return frozenset(("rater",))
    return frozenset()


def _asks_of_answers(sniffed: Sniffed) -> frozenset[str]:
    """What a labelling tool's file leaves open, as far as its first answers tell."""
    unnamed = {row.rater_kind for row in sniffed.first_rows if isinstance(row, GradeRow) and not row.rater}
    if sniffed.kind == "quepid" and unnamed:
        return frozenset(("source",))
    return frozenset({PERSON: "rater", JUDGE: "judge"}[kind] for kind in unnamed)


def _examples(sniffed: Sniffed) -> dict[str, str]:
    """For each of the file's columns, the first value among the good rows."""
    good = [row for row in sniffed.first_rows if not isinstance(row, BadRow)]
    examples = {}
    for column in sniffed.columns:
        ours = sniffed.mapping.get(column, METADATA)
        answers = [row.grade for row in good if isinstance(row, GradeRow) and row.rater == column]
        found = answers or (
            (getattr(row, METADATA, None) or {}).get(column) if ours == METADATA else getattr(row, ours, "")
            for row in good
        )
        examples[column] = next((_text(value) for value in found if value not in (None, "", {})), "")
    return examples


def _text(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


Shown = tuple[int, dict[str, Any], str, str]


def _shown(row: Row | BadRow, grades: GradeReader, params: Mapping[str, Any]) -> Shown:
    """(line, values by field in the order of show, column, reason)."""
    if isinstance(row, BadRow):
        return row.line, {}, row.column, row.reason
    values, column, reason = STORED_AS[type(row)](row, grades, params)
    shortened = {
        name: _text(value) if isinstance(value, str | dict | list) else value
        for name, value in values.items()
    }
    return row.line, shortened, column, reason


Stored = tuple[dict[str, Any], str, str]


def _persons(values: dict[str, Any], text: str | None, grades: GradeReader, column: str) -> Stored:
    """With a person's grade as a number, or the reason why the rubric does not have it."""
    grade = grades.in_rubric(text or "")
    if grade is None:
        return values | {"grade": text or ""}, column, grades.complaint(text or "")
    return values | {"grade": grade}, "", ""


def _judges(
    values: dict[str, Any],
    row: Any,
    grades: GradeReader,
    *,
    reply: str = "",
    score: float | None = None,
    outcome: str = "",
) -> Stored:
    """With the outcome, grade, score and raw text of a judge's answer."""
    answer = grades.verdict(row.grade, score=score, outcome=outcome, reply=reply)
    answered = {
        "outcome": answer.outcome.replace("_", " "),
        "grade": answer.grade,
        "score": answer.score,
        "raw": answer.raw,
    }
    return values | answered, "", ""


def _pair(row: PairRow | AttackRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    values = {
        "query_id": row.query_id,
        "query": row.query,
        "need": row.need,
        "candidate_id": row.candidate_id,
        "title": row.title,
        "candidate": row.candidate,
        "grade": None,
        "rater": "",
        "metadata": row.metadata,
    }
    if row.grade is None:
        return values, "", ""
    values["rater"] = row.rater or params.get("rater") or DEFAULT_RATER
    return _persons(values, row.grade, grades, "human_grade")


def _attack(row: AttackRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    values, column, reason = _pair(row, grades, params)
    names = ("carrier", "attack", "words", "original_candidate_id", "original_candidate")
    variant = {name: getattr(row, name) for name in names}
    if row.right != "grade":
        variant["right"] = row.right
    metadata = values.pop("metadata")
    return values | variant | {"metadata": metadata}, column, reason


def _label(row: LabelRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    values = {
        "query_id": row.query_id,
        "candidate_id": row.candidate_id,
        "rater": row.rater or params.get("rater") or DEFAULT_RATER,
        "grade": None,
        "rationale": row.rationale,
    }
    if row.cannot_judge:
        return values | {"outcome": "cannot judge"}, "", ""
    return _persons(values, row.grade, grades, "grade")


def _qrel(row: QrelRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    ids = {"query_id": row.query_id, "candidate_id": row.candidate_id}
    if params.get("judge"):
        values = {"judge": params["judge"], **ids, "condition": params.get("condition", "")}
        return _judges(values, row, grades)
    return _persons(
        {**ids, "rater": params.get("rater") or "qrels", "grade": None}, row.grade, grades, "grade"
    )


def _verdict(row: VerdictRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    judge = row.judge or params.get("judge", "")
    values = {
        "judge": judge,
        "prompt": row.prompt,
        "query_id": row.query_id,
        "candidate_id": row.candidate_id,
        "condition": row.condition,
    }
    if not judge:
        return values, "judge", "No judge is named: add a column “judge”, or name one for the file."
    return _judges(values, row, grades, reply=row.reply, score=row.score, outcome=row.outcome)


def _grade(row: GradeRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    named = "judge" if row.rater_kind == JUDGE else "rater"
    values = {
        "query_id": row.query_id,
        "query": row.query,
        "need": row.need,
        "candidate_id": row.candidate_id,
        "title": row.title,
        "candidate": row.candidate,
        "rater_kind": row.rater_kind,
        "rater": row.rater or params.get(named) or DEFAULT_RATER,
        "prompt": row.prompt,
        "condition": row.condition,
        "round": row.round,
        "grade": None,
        "rationale": row.rationale,
        "carrier": row.carrier,
        "attack": row.attack,
        "words": row.words or None,
        "original_candidate_id": row.original_candidate_id,
        "metadata": row.metadata,
    }
    if row.outcome in UNGRADED:
        return values | {"outcome": row.outcome}, "", ""
    if row.rater_kind == JUDGE:
        return _judges(values, row, grades, reply=row.raw, score=row.score, outcome=row.outcome)
    if row.outcome == "abstained":
        return values | {"outcome": "cannot judge"}, "", ""
    return _persons(values, row.grade, grades, "grade")


def _preference(row: PreferenceRow, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    named = "judge" if row.rater_kind == JUDGE else "rater"
    values = {
        "query_id": row.query_id,
        "query": row.query,
        "candidate_id": row.candidate_id,
        "candidate": row.candidate,
        "rival_id": row.rival_id,
        "rival": row.rival,
        "rater_kind": row.rater_kind,
        "rater": row.rater or params.get(named) or DEFAULT_RATER,
        "preferred": row.preferred,
        "outcome": "" if row.preferred else SKIPPED,
        "rationale": row.rationale,
    }
    return (values, "", "") if params["can_compare"] or not row.preferred else (values, "rival", NO_SCALE)


def _as_it_is(row: Any, grades: GradeReader, params: Mapping[str, Any]) -> Stored:
    kept: Sequence[str] = [name for name in row._fields if name != "line"]
    if isinstance(row, TopicRow):
        kept = [name for name in kept if name != METADATA]
    return {name: getattr(row, name) for name in kept}, "", ""


STORED_AS: dict[type, Callable[[Any, GradeReader, Mapping[str, Any]], Stored]] = {
    PairRow: _pair,
    AttackRow: _attack,
    LabelRow: _label,
    QrelRow: _qrel,
    VerdictRow: _verdict,
    GradeRow: _grade,
    PreferenceRow: _preference,
    TopicRow: _as_it_is,
    CollectionRow: _as_it_is,
    HitRow: _as_it_is,
}
