"""One store per kind of file: takes chunks of good rows, hands them to the writers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from corpus.models import Job, Project
from exchange.formats.rows import (
    AttackRow,
    CollectionRow,
    GradeRow,
    LabelRow,
    PairRow,
    PreferenceRow,
    QrelRow,
    TopicRow,
    VerdictRow,
)
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import CollectionWriter, Pair, Placed
from exchange.importing.label_facts import LabelFacts, read_facts
from exchange.importing.labels import FileLabel, LabelWriter
from exchange.importing.reading_grades import GradeReader
from exchange.importing.variants import VariantWriter, variant_of
from exchange.importing.verdicts import Author, FileVerdict, VerdictWriter

LONGEST_NAMES = {
    "rater": 200,
    "round": 200,
    "judge": 200,
    "prompt": 100,
    "condition": 200,
    "system": 200,
    "scoring": 20,
    "prompt_hash": 64,
}
MOST = 2**31 - 1  # of PostgreSQL's integer


class Store(ABC):
    """Takes the good rows of one import, inside its transaction."""

    every_row_is_graded = True  # an item without a label or verdict of this import came from a bad row

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows) -> None:
        self.cursor = cursor
        self.bad = bad
        self.params: dict[str, Any] = job.params
        self._fitting: set[tuple] = set()
        rubric = project.rubric
        self.grades, self.criteria = GradeReader(rubric), rubric.scales[1:]
        self.collection = CollectionWriter(cursor, project=project, job=job, bad=bad)
        self.labels = LabelWriter(cursor, project=project, job=job, bad=bad)
        self.verdicts = VerdictWriter(cursor, project=project, job=job, bad=bad)
        self.variants = VariantWriter(cursor, project=project, job=job, bad=bad)

    @abstractmethod
    def take(self, rows: Sequence) -> None:
        """Store a chunk; rows that cannot be stored go to `bad`."""

    def finish(self) -> None:
        """After the last chunk: what is made from all rows together."""
        if self.bad.n and self.params.get("good_rows"):
            self.collection.drop_what_only_bad_rows_brought(every_row_is_graded=self.every_row_is_graded)
        self.labels.finish()
        self.verdicts.finish()

    def counts(self) -> dict[str, int]:
        counts = self.collection.counts | self.variants.counts | self.labels.counts | self.verdicts.counts
        counts["unchanged"] = self.labels.counts["unchanged"] + self.verdicts.counts["unchanged"]
        return counts

    def person_grade(self, line: int, column: str, text: str | None) -> int | None:
        """A person's grade, or a bad row (and None) when the rubric does not have it."""
        grade = self.grades.in_rubric(text or "")
        if grade is None:
            self.bad.add(line, column, self.grades.complaint(text or ""))
        return grade

    def may_abstain(self, line: int, field: str) -> bool:
        """Whether the rubric allows "cannot judge"; else a bad row."""
        if not self.grades.may_abstain:
            self.bad.add(line, field, f"The rubric does not allow “cannot judge”. {self.grades.words}")
        return self.grades.may_abstain

    def fits(self, line: int, **names: str) -> bool:
        """Whether these names are short enough to be stored; else a bad row."""
        key = tuple(names.items())
        if key in self._fitting:
            return True
        for field, name in names.items():
            if len(name) > LONGEST_NAMES[field]:
                reason = f"The name has {len(name)} characters; {LONGEST_NAMES[field]} is the most."
                self.bad.add(line, field, reason)
                return False
        self._fitting.add(key)
        return True


class PairStore(Store):
    """Queries with candidates; where a row has a grade, it is a person's."""

    every_row_is_graded = False

    def take(self, rows: Sequence[PairRow]) -> None:
        in_rubric = self.grades.in_rubric
        good: list[tuple[PairRow, int | None]] = []
        for row in rows:
            if row.rater and not self.fits(row.line, rater=row.rater):
                continue
            if row.grade is None:
                good.append((row, None))
            elif (grade := in_rubric(row.grade)) is not None:
                good.append((row, grade))
            else:
                self.bad.add(row.line, "grade", self.grades.complaint(row.grade))
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
            if not self.fits(row.line, rater=row.rater):
                continue
            if row.cannot_judge:
                if self.may_abstain(row.line, "cannot_judge"):
                    good.append((row, None))
            elif (grade := self.person_grade(row.line, "grade", row.grade)) is not None:
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
        judge, condition = self.params.get("judge", ""), self.params.get("condition", "")
        good = []
        for row in rows:
            if row.judge or judge:
                if self.fits(row.line, judge=row.judge, prompt=row.prompt, condition=row.condition):
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
                    Author(row.judge or judge, row.prompt or None, row.condition or condition),
                    self.grades.verdict(row.grade, score=row.score, outcome=row.outcome, reply=row.reply),
                    tokens_in=_whole(metadata.get("prompt_tokens") or metadata.get("tokens_in")),
                    tokens_out=_whole(metadata.get("completion_tokens") or metadata.get("tokens_out")),
                )
            )
        self.verdicts.write(verdicts)


class GradeStore(Store):
    """Concord's own long-form export: texts, people's labels and judges' verdicts in one file."""

    def take(self, rows: Sequence[GradeRow]) -> None:
        people: list[tuple[GradeRow, int | None, str, LabelFacts]] = []
        judges: list[tuple[GradeRow, Author, str]] = []
        for row in rows:
            created_at = self.moment(row)
            if created_at is None:
                continue
            if row.rater_kind == "judge":
                if author := self.author(row):
                    judges.append((row, author, created_at))
            elif not self.fits(row.line, rater=row.rater, round=row.round):
                continue
            elif row.outcome == "abstained":
                if self.may_abstain(row.line, "outcome") and (facts := self._facts(row, None)):
                    people.append((row, None, created_at, facts))
            elif (grade := self.person_grade(row.line, "grade", row.grade)) is not None and (
                facts := self._facts(row, grade)
            ):
                people.append((row, grade, created_at, facts))
        good = [each[0] for each in (*people, *judges)]
        placed = iter(self.mark_variants(good, self.collection.place([pair_of(row) for row in good])))
        self.write_labels(
            [
                FileLabel(row.line, place, row.rater, grade, row.rationale, row.round, created_at, facts)
                for (row, grade, created_at, facts), place in zip(people, placed, strict=False)
                if place is not None
            ]
        )
        read = self.grades.verdict
        self.write_verdicts(
            [
                FileVerdict(
                    row.line,
                    place,
                    author,
                    read(row.grade, score=row.score, outcome=row.outcome, reply=row.raw),
                    row.rationale,
                    created_at=created_at,
                )
                for (row, author, created_at), place in zip(judges, placed, strict=True)
                if place is not None
            ]
        )

    def write_labels(self, labels: Sequence[FileLabel]) -> None:
        self.labels.write(labels)

    def write_verdicts(self, verdicts: Sequence[FileVerdict]) -> None:
        self.verdicts.write(verdicts)

    @property
    def may_hold_variants(self) -> bool:
        """Whether the file can tell of variants; an export of everything plain cannot."""
        return "attack" in self.bad.columns

    def mark_variants(
        self, rows: Sequence[GradeRow | AttackRow | PairRow], placed: Sequence[Placed | None]
    ) -> Sequence[Placed | None]:
        """Mark what the rows call variants; `placed` with None for rows that contradict the store."""
        if not self.may_hold_variants:
            return placed
        self.variants.list_items(place.item for place in placed if place)
        pairs = list(zip(rows, placed, strict=True))
        named = [
            index
            for index, (row, place) in enumerate(pairs)
            if place and not isinstance(row, PairRow) and row.attack
        ]
        good = self.variants.write([variant_of(*pairs[index]) for index in named])
        refused = {index for index, is_good in zip(named, good, strict=True) if not is_good}
        return [None if index in refused else place for index, place in enumerate(placed)]

    def finish(self) -> None:
        super().finish()
        self.variants.finish(name=f"Variants, {self.params['filename']}")

    def _facts(self, row: GradeRow, grade: int | None) -> LabelFacts | None:
        """What else the row tells of a label; None, and a bad row, where that cannot be stored."""
        read = read_facts(row, grade, criteria=self.criteria, grades=self.grades)
        if isinstance(read, LabelFacts):
            return read
        self.bad.add(row.line, *read)
        return None

    def author(self, row: GradeRow) -> Author | None:
        """The judge of the row; None, and a bad row, where it cannot be stored."""
        names = {"prompt": row.prompt, "condition": row.condition, "scoring": row.scoring}
        if not self.fits(row.line, judge=row.rater, prompt_hash=row.prompt_hash, **names):
            return None
        version = _whole(row.judge_version) if row.judge_version else 1
        if not version:
            self.bad.add(row.line, "judge_version", f"“{row.judge_version[:40]}” is no version: 1, 2, …")
            return None
        return Author(
            row.rater, row.prompt or None, row.condition, version, row.run, row.scoring, row.prompt_hash
        )

    def moment(self, row: GradeRow | PreferenceRow) -> str | None:
        """The row's time, in UTC where it names no zone; "" where it has none, None (a bad row) if wrong."""
        if not row.created_at:
            return ""
        try:
            moment = datetime.fromisoformat(row.created_at)
        except ValueError:
            reason = f"“{row.created_at[:40]}” is no time. Write it like 2026-11-23T10:30:00Z."
            self.bad.add(row.line, "created_at", reason)
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def pair_of(row: GradeRow | AttackRow | PairRow) -> Pair:
    """The query and candidate of a row."""
    return Pair(
        row.line,
        row.query_id,
        row.query,
        row.need,
        row.candidate_id,
        row.title,
        row.candidate,
        row.metadata,
    )


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
    """A whole number from 0 up that PostgreSQL's integer holds, else None."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if 0 <= number <= MOST and number.is_integer() else None
