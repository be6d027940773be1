"""Which of two candidates people and models found the better one, as pairs with labels and verdicts."""

from collections.abc import Sequence
from typing import NamedTuple

from annotate.references import refresh_preferences
from corpus.models import Job, Project, Rubric
from corpus.models.rubric import FIRST_BETTER, RIVAL_BETTER
from corpus.services import freeze_rubric
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import Placed
from exchange.importing.copying import copy_lines, escape, reserve_ids
from exchange.importing.labels import LabelWriter
from exchange.importing.reading_grades import ReadVerdict
from exchange.importing.rounds import RoundWriter
from exchange.importing.verdicts import Author, FileVerdict, VerdictWriter
from judges.models import Judge

COLUMNS = (
    *("item_id", "rater_id", "grade", "cannot_judge", "rationale", "job_id", "round_id", "created_at"),
    *("seconds", "rival_first"),
)
NO_SCALE = (
    "The file compares two candidates, and the project has no scale for that."
    " Add a preference under Settings, Rubric, and import the file again."
)


class FilePreference(NamedTuple):
    """Of two candidates, by key, that stood left and right, the left one was better, or the right one.

    rater: a person's name, or of a judge its name.
    """

    line: int
    query: int
    left: int
    right: int
    is_left_better: bool
    rater: str
    is_judge: bool
    rationale: str = ""
    score: float | None = None
    created_at: str = ""
    seconds: float | None = None

    @property
    def pair(self) -> tuple[int, int, int]:
        """Query, and the two candidates as an item has them, the lower key first."""
        return self.query, min(self.left, self.right), max(self.left, self.right)

    @property
    def grade(self) -> int:
        """As the item's scale has it: seen from its first candidate."""
        return FIRST_BETTER if self.is_left_better == (self.left < self.right) else RIVAL_BETTER


class PreferenceWriter:
    """Writes preferences on the project's scale for them, people's in a closed round of this import.

    What its rater has said before, in whichever round, changes nothing.
    """

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows, labels: LabelWriter) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.bad = bad
        self.labels = labels
        kind = Rubric.Kind.PREFERENCE
        self.rubric = project.rubrics.filter(kind=kind).order_by("id").first()
        self.rounds = RoundWriter(cursor, project=project, job=job, rubric=self.rubric)
        self.verdicts = VerdictWriter(cursor, project=project, job=job, bad=bad, rubric=self.rubric)
        self.counts = {"pairs": 0, "preferences": 0, "unchanged": 0}
        self._labelled: set[int] = set()
        self._names: dict[str, str] = {}

    def write(self, preferences: Sequence[FilePreference]) -> None:
        if self.rubric is None:
            for each in preferences:
                self.bad.add(each.line, "rival", NO_SCALE)
            return
        placed = self._place({each.pair for each in preferences})
        self._write_labels([(placed[each.pair], each) for each in preferences if not each.is_judge])
        self.verdicts.write(
            [
                FileVerdict(
                    each.line,
                    placed[each.pair],
                    Author(self._judge_name(each.rater), None),
                    ReadVerdict("graded", each.grade, each.score, each.rationale),
                    created_at=each.created_at,
                )
                for each in preferences
                if each.is_judge
            ]
        )

    def _place(self, pairs: set[tuple[int, int, int]]) -> dict[tuple[int, int, int], Placed]:
        """The items of the pairs, made where they are missing."""
        wanted = sorted(pairs)
        self.cursor.execute(
            "SELECT i.query_id, i.candidate_id, i.rival_id, i.id FROM corpus_item i"
            " JOIN unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS p (query_id, candidate_id, rival_id)"
            " USING (query_id, candidate_id, rival_id)",
            [list(each) for each in zip(*wanted, strict=True)] or [[], [], []],
        )
        placed = {(q, c, r): Placed(item, q, False) for q, c, r, item in self.cursor.fetchall()}
        new = [pair for pair in wanted if pair not in placed]
        if new:
            keys = reserve_ids(self.cursor, "corpus_item", len(new))
            copy_lines(
                self.cursor,
                "corpus_item",
                ["id", "query_id", "candidate_id", "rival_id", "job_id"],
                (f"{key}\t{q}\t{c}\t{r}\t{self.job.pk}" for key, (q, c, r) in zip(keys, new, strict=True)),
            )
            placed |= {pair: Placed(key, pair[0], True) for key, pair in zip(keys, new, strict=True)}
            self.counts["pairs"] += len(new)
        return placed

    def _write_labels(self, labels: Sequence[tuple[Placed, FilePreference]]) -> None:
        self.cursor.execute(
            "SELECT l.item_id, l.rater_id, l.grade FROM annotate_label l"
            " WHERE l.item_id = ANY(%s) AND l.superseded_at IS NULL",
            [[place.item for place, _ in labels]],
        )
        said = {(item, rater): grade for item, rater, grade in self.cursor.fetchall()}
        raters = {label.rater: self.labels.rater(label.rater) for _, label in labels}
        fresh: list[tuple[Placed, FilePreference]] = []
        for place, label in labels:
            key = (place.item, raters[label.rater])
            if key not in said:
                said[key] = label.grade
                fresh.append((place, label))
            elif said[key] == label.grade:
                self.counts["unchanged"] += 1
            else:
                self.bad.add(
                    label.line,
                    "rival",
                    f"Rater “{label.rater}” has already said otherwise of these two. Keep one answer.",
                )
        if fresh:
            self._copy(fresh)

    def _copy(self, fresh: Sequence[tuple[Placed, FilePreference]]) -> None:
        round_key = self.rounds.key(f"Import {self.job.pk}")
        raters = {label.rater: self.labels.rater(label.rater) for _, label in fresh}
        copy_lines(
            self.cursor,
            "annotate_label",
            COLUMNS,
            (
                f"{place.item}\t{raters[label.rater]}\t{label.grade}\tf\t{escape(label.rationale)}"
                f"\t{self.job.pk}\t{round_key}\t{label.created_at or 'now'}"
                f"\t{_or_null(label.seconds)}\t{'t' if label.left > label.right else 'f'}"
                for place, label in fresh
            ),
        )
        self.counts["preferences"] += len(fresh)
        self._labelled |= {place.item for place, _ in fresh}

    def _judge_name(self, name: str) -> str:
        """The name; with the scale's where a judge of that name grades on another."""
        if name not in self._names:
            others = Judge.objects.filter(project=self.project, name=name).exclude(rubric=self.rubric)
            self._names[name] = f"{name} ({self.rubric})" if others.exists() else name
        return self._names[name]

    def finish(self) -> None:
        """After the last row: the round's facts, the pairs' references."""
        self.rounds.finish()
        self.verdicts.finish()
        if self._labelled:
            freeze_rubric(self.rubric)
            refresh_preferences(self.project, self._labelled)

    def all_counts(self) -> dict[str, int]:
        """What was written, judges' verdicts among it."""
        told = self.counts | {name: n for name, n in self.verdicts.counts.items() if name != "unchanged"}
        return told | {"unchanged": self.counts["unchanged"] + self.verdicts.counts["unchanged"]}


def _or_null(value: float | None) -> str:
    return "\\N" if value is None else repr(value)
