"""One store per kind of file: takes chunks of good rows, hands them to the writers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from corpus.models import Job, Project
from exchange.formats.rows import (
    CollectionRow,
    GradeRow,
    LabelRow,
    PairRow,
    QrelRow,
    TopicRow,
    VerdictRow,
)
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import CollectionWriter, Pair
from exchange.importing.labels import FileLabel, LabelWriter
from exchange.importing.reading_grades import GradeReader
from exchange.importing.verdicts import Author, FileVerdict, VerdictWriter


class Store(ABC):
    """Takes the good rows of one import, inside its transaction."""

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows) -> None:
        self.cursor = cursor
        self.bad = bad
        self.params: dict[str, Any] = job.params
        self.grades = GradeReader(project.rubric)
        self.collection = CollectionWriter(cursor, project=project, job=job, bad=bad)
        self.labels = LabelWriter(cursor, project=project, job=job, bad=bad)
        self.verdicts = VerdictWriter(cursor, project=project, job=job, bad=bad)

    @abstractmethod
    def take(self, rows: Sequence) -> None:
        """Store a chunk; rows that cannot be stored go to `bad`."""

    def finish(self) -> None:
        self.labels.finish()
        self.verdicts.finish()

    def counts(self) -> dict[str, int]:
        counts = self.collection.counts | self.labels.counts | self.verdicts.counts
        counts["unchanged"] = self.labels.counts["unchanged"] + self.verdicts.counts["unchanged"]
        return counts

    def person_grade(self, line: int, column: str, text: str | None) -> int | None:
        """A person's grade, or a bad row (and None) when the rubric does not have it."""
        grade = self.grades.in_rubric(text or "")
        if grade is None:
            self.bad.add(line, column, self.grades.complaint(text or ""))
        return grade


class PairStore(Store):
    """Queries with candidates; where a row has a grade, it is a person's."""

    def take(self, rows: Sequence[PairRow]) -> None:
        in_rubric = self.grades.in_rubric
        good: list[tuple[PairRow, int | None]] = []
        for row in rows:
            if row.grade is None:
                good.append((row, None))
            elif (grade := in_rubric(row.grade)) is not None:
                good.append((row, grade))
            else:
                self.bad.add(row.line, "human_grade", self.grades.complaint(row.grade))
        placed = self.collection.place(
            [Pair(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[9]) for row, _ in good]
        )
        rater = self.params.get("rater", "")
        self.labels.write(
            [
                FileLabel(row.line, place, row.rater or rater, grade)
                for (row, grade), place in zip(good, placed, strict=True)
                if grade is not None and place is not None
            ]
        )


class LabelStore(Store):
    """People's grades of items known by their ids."""

    def take(self, rows: Sequence[LabelRow]) -> None:
        good = []
        for row in rows:
            grade = None if row.cannot_judge else self.person_grade(row.line, "grade", row.grade)
            if grade is not None or row.cannot_judge:
                good.append((row, grade))
        placed = self.collection.place(
            [Pair(row.line, row.query_id, "", "", row.candidate_id, "", "", None) for row, _ in good]
        )
        rater = self.params.get("rater", "")
        self.labels.write(
            [
                FileLabel(row.line, place, row.rater or rater, grade, row.rationale)
                for (row, grade), place in zip(good, placed, strict=True)
                if place is not None
            ]
        )


class QrelStore(Store):
    """Relevance judgements: of the rater named, or verdicts of the judge named."""

    def take(self, rows: Sequence[QrelRow]) -> None:
        if self.params.get("judge"):
            self._take_verdicts(rows)
        else:
            self._take_labels(rows)

    def _place(self, rows: Sequence[QrelRow]) -> list:
        return self.collection.place(
            [Pair(row.line, row.query_id, "", "", row.candidate_id, "", "", None) for row in rows]
        )

    def _take_labels(self, rows: Sequence[QrelRow]) -> None:
        rater = self.params.get("rater", "") or "qrels"
        graded = [(row, self.person_grade(row.line, "grade", row.grade)) for row in rows]
        good = [(row, grade) for row, grade in graded if grade is not None]
        placed = self._place([row for row, _ in good])
        self.labels.write(
            [
                FileLabel(row.line, place, rater, grade)
                for (row, grade), place in zip(good, placed, strict=True)
                if place is not None
            ]
        )

    def _take_verdicts(self, rows: Sequence[QrelRow]) -> None:
        author = Author(self.params["judge"], None, self.params.get("condition", ""))
        self.verdicts.write(
            [
                FileVerdict(
                    row.line,
                    place,
                    author,
                    self.grades.verdict(row.grade, score=None, outcome="", reply=""),
                )
                for row, place in zip(rows, self._place(rows), strict=True)
                if place is not None
            ]
        )


class VerdictStore(Store):
    """Verdicts made elsewhere; what cannot be read as a grade is an outcome, not a bad row."""

    def take(self, rows: Sequence[VerdictRow]) -> None:
        judge = self.params.get("judge", "")
        good = []
        for row in rows:
            if row.judge or judge:
                good.append(row)
            else:
                self.bad.add(
                    row.line, "judge", "No judge is named: add a column “judge”, or name one for the file."
                )
        placed = self.collection.place(
            [Pair(row.line, row.query_id, "", "", row.candidate_id, "", "", None) for row in good]
        )
        verdicts = []
        for row, place in zip(good, placed, strict=True):
            if place is None:
                continue
            metadata = row.metadata or {}
            verdicts.append(
                FileVerdict(
                    row.line,
                    place,
                    Author(row.judge or judge, row.prompt or None, row.condition),
                    self.grades.verdict(row.grade, score=row.score, outcome=row.outcome, reply=row.reply),
                    tokens_in=_whole(metadata.get("prompt_tokens") or metadata.get("tokens_in")),
                    tokens_out=_whole(metadata.get("completion_tokens") or metadata.get("tokens_out")),
                )
            )
        self.verdicts.write(verdicts)


class GradeStore(Store):
    """Concord's own long-form export: texts, people's labels and judges' verdicts in one file."""

    def take(self, rows: Sequence[GradeRow]) -> None:
        good: list[tuple[GradeRow, int | None]] = []
        for row in rows:
            if row.rater_kind == "judge" or row.outcome == "abstained":
                good.append((row, None))
            elif (grade := self.person_grade(row.line, "grade", row.grade)) is not None:
                good.append((row, grade))
        placed = self.collection.place(
            [
                Pair(
                    row.line,
                    row.query_id,
                    row.query,
                    row.need,
                    row.candidate_id,
                    row.title,
                    row.candidate,
                    None,
                )  # fmt: skip
                for row, _ in good
            ]
        )
        labels, verdicts = [], []
        for (row, grade), place in zip(good, placed, strict=True):
            if place is None:
                continue
            if row.rater_kind == "person":
                labels.append(FileLabel(row.line, place, row.rater, grade, row.rationale))
            else:
                author = Author(
                    row.rater,
                    row.prompt or None,
                    row.condition,
                    _whole(row.judge_version) or 1,
                    row.run,
                    row.scoring,
                    row.prompt_hash,
                )
                answer = self.grades.verdict(row.grade, score=row.score, outcome=row.outcome, reply=row.raw)
                verdicts.append(FileVerdict(row.line, place, author, answer, row.rationale))
        self.labels.write(labels)
        self.verdicts.write(verdicts)


class TopicStore(Store):
    """Queries' texts and needs."""

    def take(self, rows: Sequence[TopicRow]) -> None:
        self.collection.store_queries([(row.line, row.query_id, row.query, row.need) for row in rows])


class CollectionStore(Store):
    """Candidates' titles and texts."""

    def take(self, rows: Sequence[CollectionRow]) -> None:
        self.collection.store_candidates(
            [(row.line, row.candidate_id, row.title, row.candidate, row.metadata) for row in rows]
        )


def _whole(value: object) -> int | None:
    try:
        return int(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
