"""Grades of people named in a file, and the references they make."""

from collections.abc import Sequence
from typing import NamedTuple

from annotate.models import Rater
from annotate.references import estimate_again, refresh_references_in
from corpus.models import Job, Project
from corpus.services import freeze_rubric
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import Placed
from exchange.importing.copying import NULL, copy_lines, escape
from exchange.importing.label_facts import COLUMNS as FACTS
from exchange.importing.label_facts import NO_FACTS, LabelFacts
from exchange.importing.rounds import RoundWriter

DEFAULT_RATER = "imported"
COLUMNS = ("item_id", "rater_id", "grade", "cannot_judge", "rationale", "job_id")


class FileLabel(NamedTuple):
    """One person's grade for an item already placed; `grade` is None for "cannot judge".

    round: the name of the round in which it was given, where Concord's own export tells it.
    created_at: as PostgreSQL reads it; empty for now.
    """

    line: int
    placed: Placed
    rater: str
    grade: int | None
    rationale: str = ""
    round: str = ""
    created_at: str = ""
    facts: LabelFacts = NO_FACTS


class LabelWriter:
    """Writes labels of people outside Concord; the same grade again changes nothing.

    Items that get their first label here get their reference at once; the others are noted in the
    temporary table `touched_item`, and `finish` makes their references anew.
    """

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.bad = bad
        self.counts = {"labels": 0, "unchanged": 0}
        self.rounds = RoundWriter(cursor, project=project, job=job)
        self._raters: dict[str, int] = {}
        self._raters_of_rounds: dict[str, int] = {}
        self._touched = False
        self._wrote_references = False
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS touched_item (item_id bigint) ON COMMIT DROP")

    def rater(self, name: str) -> int:
        """The key of the rater of this name, made when missing.

        A name in a file proves nothing about who it was: where a member labels under it, a number is added.
        """
        pk = self._raters.get(name)
        if pk is None:
            number, given = 1, name or DEFAULT_RATER
            while pk is None:
                tried = given if number == 1 else f"{given} ({number})"
                rater, _ = Rater.objects.get_or_create(project=self.project, name=tried)
                pk = rater.pk if rater.user_id is None else None
                number += 1
            self._raters[name] = pk
        return pk

    def _rater_of_round(self, name: str) -> int:
        """The key of the rater of exactly this name, a member's too; 0 where there is none."""
        if name not in self._raters_of_rounds:
            found = Rater.objects.filter(project=self.project, name=name).values_list("pk", flat=True)
            self._raters_of_rounds[name] = found.first() or 0
        return self._raters_of_rounds[name]

    def write(self, labels: Sequence[FileLabel]) -> None:
        known = self._known(labels)
        new: dict[tuple[int, int, str], FileLabel] = {}
        items_twice: set[int] = set()
        seen_items: set[int] = set()
        for label in labels:
            has_own_round = label.round != "" and self.rounds.is_stored(label.round)
            rater = self._rater_of_round(label.rater) if has_own_round else self.rater(label.rater)
            key = (label.placed.item, rater, label.round)
            before = known.get(key, _MISSING) if key not in new else new[key].grade
            if before is not _MISSING:
                self._again(label, before)
                continue
            if has_own_round:
                self._not_in_round(label)
                continue
            new[key] = label
            is_gold = label.facts.gold_grade is not None
            if label.placed.item in seen_items or not label.placed.is_new or label.grade is None or is_gold:
                items_twice.add(label.placed.item)
            seen_items.add(label.placed.item)
        if not new:
            return
        self._copy(new)
        self.counts["labels"] += len(new)
        copy_lines(
            self.cursor,
            "corpus_reference",
            ["item_id", "query_id", "grade"],
            (
                f"{item}\t{label.placed.query}\t{label.grade}"
                for (item, _, _), label in new.items()
                if item not in items_twice
            ),
        )
        self._wrote_references = True
        if items_twice:
            self._touched = True
            copy_lines(self.cursor, "touched_item", ["item_id"], map(str, items_twice))

    def _copy(self, new: dict[tuple[int, int, str], FileLabel]) -> None:
        """The labels into their table; rounds and times only where the file has them."""
        job = self.job.pk
        lines = (
            f"{item}\t{rater}\t{label.grade}\tf\t{escape(label.rationale)}\t{job}"
            if label.grade is not None
            else f"{item}\t{rater}\t\\N\tt\t{escape(label.rationale)}\t{job}"
            for (item, rater, _), label in new.items()
        )
        if not any(label.created_at or label.round or label.facts != NO_FACTS for label in new.values()):
            copy_lines(self.cursor, "annotate_label", COLUMNS, lines)
            return
        rounds = {name: self.rounds.key(name) or NULL for name in {key[2]: None for key in new}}
        copy_lines(
            self.cursor,
            "annotate_label",
            [*COLUMNS, "round_id", "created_at", *FACTS],
            (
                f"{line}\t{rounds[label.round]}\t{label.created_at or 'now'}\t{_cells(label.facts)}"
                for line, label in zip(lines, new.values(), strict=True)
            ),
        )

    def _known(self, labels: Sequence[FileLabel]) -> dict[tuple[int, int, str], int | None]:
        """Current labels of the items that are not new, by (item, rater, name of the round)."""
        old = {label.placed.item for label in labels if not label.placed.is_new}
        if not old:
            return {}
        self.cursor.execute(
            "SELECT l.item_id, l.rater_id, coalesce(r.name, ''), l.grade FROM annotate_label l"
            " LEFT JOIN annotate_round r ON r.id = l.round_id"
            " WHERE l.item_id = ANY(%s) AND l.superseded_at IS NULL",
            [list(old)],
        )
        return {(item, rater, round): grade for item, rater, round, grade in self.cursor.fetchall()}

    def _again(self, label: FileLabel, before: int | None) -> None:
        if before == label.grade:
            self.counts["unchanged"] += 1
            return
        said = "“cannot judge”" if before is None else f"grade {before}"
        self.bad.add(
            label.line,
            "grade",
            f"Rater “{label.rater or DEFAULT_RATER}” has already given this item {said}."
            " Name another rater, or undo the earlier import first.",
        )

    def _not_in_round(self, label: FileLabel) -> None:
        self.bad.add(
            label.line,
            "round",
            f"The round “{label.round}” is one of this project's own, and rater “{label.rater}” has no label"
            " for this item in it. Leave the column out (--map round=ignore) to store it without a round.",
        )

    def finish(self) -> None:
        """Make the references of items that already had labels, or got several, anew."""
        if self.counts["labels"]:
            freeze_rubric(self.project.rubric)
        self.rounds.finish()
        if self._touched:
            refresh_references_in(self.project, table="touched_item")
        elif self._wrote_references:
            estimate_again(self.project)
            self.cursor.execute(
                "UPDATE corpus_project SET reference_version = reference_version + 1 WHERE id = %s",
                [self.project.pk],
            )


def _cells(facts: LabelFacts) -> str:
    """The facts as COPY reads them."""
    marks = NULL if facts.marks is None else "{" + ",".join(map(str, facts.marks)) + "}"
    rest = (NULL if value is None else repr(value) for value in facts[2:])
    return "\t".join((facts.reason, marks, *rest))


_MISSING = object()
