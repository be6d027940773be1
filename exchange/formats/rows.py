"""What comes out of a file: one NamedTuple per kind of row, and the two ways in which a file can be wrong.

Everywhere: `line` is the line of the file on which the row begins, counted from 1. Texts are `""` where the
file has none. `grade` is kept as it came, `None` where the file leaves it empty. `metadata` holds the columns
that no field claimed, ready for JSON, `None` where there are none.
"""

from typing import Any, NamedTuple, TypeAlias

Metadata: TypeAlias = dict[str, Any]


class PairRow(NamedTuple):
    """A query with a candidate, and where a person already graded it, the grade."""

    line: int
    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    grade: str | None
    rater: str
    metadata: Metadata | None


class AttackRow(NamedTuple):
    """A query with an attacked candidate: what was attacked, how, and the candidate before it.

    right: what a judge has to do with it, "grade", "abstain" or "open".
    """

    line: int
    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    carrier: str
    attack: str
    words: int
    original_candidate: str
    original_candidate_id: str
    right: str
    grade: str | None
    rater: str
    metadata: Metadata | None


class VerdictRow(NamedTuple):
    """A judge's answer that was made elsewhere."""

    line: int
    judge: str
    prompt: str
    query_id: str
    candidate_id: str
    grade: str | None
    score: float | None
    condition: str
    reply: str
    outcome: str
    metadata: Metadata | None


class LabelRow(NamedTuple):
    """A person's grade that was given elsewhere; `grade` is None where the person could not judge."""

    line: int
    query_id: str
    candidate_id: str
    grade: str | None
    rater: str
    rationale: str
    cannot_judge: bool
    metadata: Metadata | None


class GradeRow(NamedTuple):
    """A row of Concord's own long-form export: a person's label or a judge's verdict, with its texts.

    carrier to right: what the item is a variant of, where it is one; `carrier` and `attack` are empty else.
    """

    line: int
    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    rater_kind: str
    rater: str
    prompt: str
    judge_version: str
    prompt_hash: str
    scoring: str
    condition: str
    round: str
    run: str
    outcome: str
    grade: str | None
    score: float | None
    raw: str
    rationale: str
    reason: str
    marks: Metadata | None
    gold_grade: str | None
    guidelines_version: float | None
    drawn_with: float | None
    seconds: float | None
    carrier: str
    attack: str
    words: int
    original_query_id: str
    original_candidate_id: str
    right: str
    created_at: str
    metadata: Metadata | None


class PreferenceRow(NamedTuple):
    """Which of two candidates somebody found better: the candidate, which stood left, or its rival.

    preferred: "candidate" or "rival", "" where they gave no answer. rater_kind, rater: as in a GradeRow.
    """

    line: int
    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    rival_id: str
    rival_title: str
    rival: str
    rater_kind: str
    rater: str
    preferred: str
    rationale: str
    score: float | None
    created_at: str
    seconds: float | None


class QrelRow(NamedTuple):
    """A relevance judgement of nobody in particular: the caller says whether a person's or a judge's."""

    line: int
    query_id: str
    candidate_id: str
    grade: str | None


class TopicRow(NamedTuple):
    """A query's text, and where it has one, its information need."""

    line: int
    query_id: str
    query: str
    need: str
    metadata: Metadata | None


class CollectionRow(NamedTuple):
    """A candidate's text."""

    line: int
    candidate_id: str
    title: str
    candidate: str
    metadata: Metadata | None


class HitRow(NamedTuple):
    """One candidate that a system found for a query; its place follows from the score alone."""

    line: int
    system: str
    query_id: str
    candidate_id: str
    score: float


Row: TypeAlias = (
    PairRow
    | AttackRow
    | VerdictRow
    | LabelRow
    | GradeRow
    | PreferenceRow
    | QrelRow
    | TopicRow
    | CollectionRow
    | HitRow
)


class BadRow(NamedTuple):
    """A row that cannot be stored: where, in which of the file's columns ("" for the whole row), and why."""

    line: int
    column: str
    reason: str


class FileProblem(Exception):
    """The file as a whole cannot be read; the message is one clear sentence with the remedy."""
