"""Grades of people named in a file, and the references they make."""

from collections.abc import Sequence
from typing import NamedTuple

from annotate.models import Rater
from annotate.references import refresh_references_in
from corpus.models import Job, Project
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import Placed
from exchange.importing.copying import copy_lines, escape

DEFAULT_RATER = "imported"


class FileLabel(NamedTuple):
    """One person's grade for an item already placed; `grade` is None for "cannot judge"."""

    line: int
    placed: Placed
    rater: str
    grade: int | None
    rationale: str = ""
    created_at: str = ""


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
        self._raters: dict[str, int] = {}
        self._touched = False
        self._wrote_references = False
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS touched_item (item_id bigint) ON COMMIT DROP")

    def rater(self, name: str) -> int:
        """The key of the rater of this name, made when missing."""
        pk = self._raters.get(name)
        if pk is None:
            rater, _ = Rater.objects.get_or_create(project=self.project, name=name or DEFAULT_RATER)
            pk = self._raters[name] = rater.pk
        return pk

    def write(self, labels: Sequence[FileLabel]) -> None:
        known = self._known(labels)
        new: dict[tuple[int, int], FileLabel] = {}
        items_twice: set[int] = set()
        seen_items: set[int] = set()
        for label in labels:
            key = (label.placed.item, self.rater(label.rater))
            before = known.get(key, _MISSING) if key not in new else new[key].grade
            if before is not _MISSING:
                self._again(label, before)
                continue
            new[key] = label
            if label.placed.item in seen_items or not label.placed.is_new or label.grade is None:
                items_twice.add(label.placed.item)
            seen_items.add(label.placed.item)
        if not new:
            return
        job = self.job.pk
        copy_lines(
            self.cursor,
            "annotate_label",
            ["item_id", "rater_id", "grade", "cannot_judge", "rationale", "job_id"],
            (
                f"{item}\t{rater}\t{label.grade}\tf\t{escape(label.rationale)}\t{job}"
                if label.grade is not None
                else f"{item}\t{rater}\t\\N\tt\t{escape(label.rationale)}\t{job}"
                for (item, rater), label in new.items()
            ),
        )
        self.counts["labels"] += len(new)
        copy_lines(
            self.cursor,
            "corpus_reference",
            ["item_id", "query_id", "grade"],
            (
                f"{item}\t{label.placed.query}\t{label.grade}"
                for (item, _), label in new.items()
                if item not in items_twice
            ),
        )
        self._wrote_references = True
        if items_twice:
            self._touched = True
            copy_lines(self.cursor, "touched_item", ["item_id"], map(str, items_twice))

    def _known(self, labels: Sequence[FileLabel]) -> dict[tuple[int, int], int | None]:
        """Current labels from files of the items that are not new, by (item, rater)."""
        old = {label.placed.item for label in labels if not label.placed.is_new}
        if not old:
            return {}
        self.cursor.execute(
            "SELECT item_id, rater_id, grade FROM annotate_label"
            " WHERE item_id = ANY(%s) AND round_id IS NULL AND superseded_at IS NULL",
            [list(old)],
        )
        return {(item, rater): grade for item, rater, grade in self.cursor.fetchall()}

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

    def finish(self) -> None:
        """Make the references of items that already had labels, or got several, anew."""
        if self._touched:
            refresh_references_in(self.project, table="touched_item")
        elif self._wrote_references:
            self.cursor.execute(
                "UPDATE corpus_project SET reference_version = reference_version + 1 WHERE id = %s",
                [self.project.pk],
            )


_MISSING = object()
