"""Verdicts made elsewhere: one imported judge per (name, prompt), one run per import and condition."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from corpus.models import Job, Project, Rubric
from corpus.services import freeze_rubric
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import Placed
from exchange.importing.copying import copy_lines, escape
from exchange.importing.reading_grades import ReadVerdict
from judges.cells import cell_of
from judges.models import Condition, Judge, Prompt, Run

COLUMNS = ("run_id", "item_id", "outcome", "grade", "score", "raw", "reason", "tokens_in", "tokens_out")


class Author(NamedTuple):
    """Who gave a verdict, as a file tells it; `prompt` is None where there is none (qrels).

    run: tells apart the runs of one judge in Concord's own export; empty elsewhere.
    """

    judge: str
    prompt: str | None
    condition: str = ""
    version: int = 1
    run: str = ""
    scoring: str = ""
    prompt_hash: str = ""


class FileVerdict(NamedTuple):
    """created_at: as PostgreSQL reads it; empty for now."""

    line: int
    placed: Placed
    author: Author
    answer: ReadVerdict
    reason: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    created_at: str = ""


class VerdictWriter:
    """Writes imported verdicts. What the judge's latest run already says about an item is left alone;
    a different answer goes into this import's own run, which from then on is the latest. A verdict that
    names its time is also left alone when any earlier run has it with that time: it is that very verdict.
    """

    def __init__(
        self, cursor, *, project: Project, job: Job, bad: BadRows, rubric: Rubric | None = None
    ) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.bad = bad
        self.rubric = rubric or project.rubric
        self.counts = {"verdicts": 0, "unchanged": 0, "judges": 0}
        self.outcomes: dict[str, int] = {}
        self._judges: dict[tuple, Judge] = {}
        self._names_of_ours: set[str] | None = None
        self._conditions: dict[str, Condition | None] = {"": None}
        self._runs: dict[Author, Run] = {}
        self._earlier: dict[Author, list[int]] = {}

    def write(self, verdicts: Sequence[FileVerdict]) -> None:
        by_author: dict[Author, dict[int, FileVerdict]] = {}
        for verdict in verdicts:
            mine = by_author.setdefault(verdict.author, {})
            before = mine.setdefault(verdict.placed.item, verdict)
            if before is not verdict:
                self._twice(verdict, before.answer, f"in line {before.line}")
        fresh: list[tuple[int, FileVerdict]] = []
        for author, mine in by_author.items():
            unknown = self._unknown(author, mine)
            if unknown and self._is_ours(author.judge):
                self._refuse(unknown)
            elif unknown:
                run = self._run(author).pk
                fresh.extend((run, verdict) for verdict in unknown)
        if not fresh:
            return
        self._copy(fresh)
        self.counts["verdicts"] += len(fresh)
        for _, verdict in fresh:
            self.outcomes[verdict.answer.outcome] = self.outcomes.get(verdict.answer.outcome, 0) + 1

    def _copy(self, fresh: Sequence[tuple[int, FileVerdict]]) -> None:
        lines = (
            f"{run}\t{verdict.placed.item}\t{verdict.answer.outcome}\t{_or_null(verdict.answer.grade)}"
            f"\t{_or_null(verdict.answer.score)}\t{escape(verdict.answer.raw)}\t{escape(verdict.reason)}"
            f"\t{_or_null(verdict.tokens_in)}\t{_or_null(verdict.tokens_out)}"
            for run, verdict in fresh
        )
        if not any(verdict.created_at for _, verdict in fresh):
            copy_lines(self.cursor, "judges_verdict", COLUMNS, lines)
            return
        dated = (
            f"{line}\t{verdict.created_at or 'now'}" for line, (_, verdict) in zip(lines, fresh, strict=True)
        )
        copy_lines(self.cursor, "judges_verdict", [*COLUMNS, "created_at"], dated)

    def _unknown(self, author: Author, mine: dict[int, FileVerdict]) -> list[FileVerdict]:
        """Those of one author's verdicts that neither this run nor the latest earlier one holds."""
        own = self._runs.get(author)
        runs = ([own.pk] if own else []) + self._earlier_runs(author)
        old = [item for item, verdict in mine.items() if not verdict.placed.is_new] if runs else []
        if not old:
            return list(mine.values())
        self.cursor.execute(
            "SELECT item_id, run_id, created_at, outcome, grade, score, raw FROM judges_verdict"
            " WHERE run_id = ANY(%s) AND item_id = ANY(%s) ORDER BY run_id",
            [runs, old],
        )
        latest: dict[int, tuple[int, ReadVerdict]] = {}
        dated: set[tuple] = set()
        for item, run, created_at, *answer in self.cursor.fetchall():
            latest[item] = (run, ReadVerdict(*answer))
            dated.add((item, created_at, ReadVerdict(*answer)))
        unknown = []
        for item, verdict in mine.items():
            run, answer = latest.get(item, (0, None))
            if answer is None:
                unknown.append(verdict)
            elif own and run == own.pk:
                self._twice(verdict, answer, "earlier in this file")
            elif answer == verdict.answer or (
                verdict.created_at
                and (item, datetime.fromisoformat(verdict.created_at), verdict.answer) in dated
            ):
                self.counts["unchanged"] += 1
            else:
                unknown.append(verdict)
        return unknown

    def _twice(self, verdict: FileVerdict, before: ReadVerdict, where: str) -> None:
        if before == verdict.answer:
            self.counts["unchanged"] += 1
            return
        said = before.outcome if before.grade is None else f"grade {before.grade}"
        self.bad.add(
            verdict.line,
            "grade",
            f"Judge “{verdict.author.judge}” already answered this item {where} ({said})."
            " Keep one answer per item, or name a condition or another prompt.",
        )

    def _is_ours(self, name: str) -> bool:
        """Whether a judge of this name runs in this project: its verdicts do not come from files."""
        if self._names_of_ours is None:
            self._names_of_ours = set(
                Judge.objects.made_here().filter(project=self.project).values_list("name", flat=True)
            )
        return name in self._names_of_ours

    def _refuse(self, verdicts: Sequence[FileVerdict]) -> None:
        for verdict in verdicts:
            name = verdict.author.judge
            reason = f"“{name}” is a judge that runs in this project; give the one in the file another name."
            self.bad.add(verdict.line, "judge", reason)

    def _earlier_runs(self, author: Author) -> list[int]:
        if author not in self._earlier:
            runs = Run.objects.complete().filter(judge__in=self._stored_judges(author))
            runs = runs.filter(condition__name=author.condition or None).exclude(job=self.job)
            self._earlier[author] = list(runs.values_list("pk", flat=True))
        return self._earlier[author]

    def _run(self, author: Author) -> Run:
        run = self._runs.get(author)
        if run is None:
            run = self._runs[author] = Run.objects.create(
                judge=self._judge(author), condition=self._condition(author.condition), job=self.job
            )
        return run

    def _condition(self, name: str) -> Condition | None:
        """The newest condition of this name; a new one has the cell of compliance that its name tells."""
        if name not in self._conditions:
            versions = Condition.objects.filter(project=self.project, name=name).order_by("-version")
            self._conditions[name] = versions.first() or Condition.objects.create(
                project=self.project, name=name, cell=cell_of(name)
            )
        return self._conditions[name]

    def _stored_judges(self, author: Author):
        """The judge of this name, prompt and version, whether imported or made here."""
        return Judge.objects.filter(
            project=self.project,
            name=author.judge,
            version=author.version,
            prompt__name=author.prompt,
        )

    def _judge(self, author: Author) -> Judge:
        key = (author.judge, author.prompt, author.version)
        judge = self._judges.get(key)
        if judge is None:
            judge = self._stored_judges(author).first()
            if judge is None:
                judge = Judge.objects.create(
                    project=self.project,
                    name=author.judge,
                    prompt=self._prompt(author),
                    version=author.version,
                    rubric=self.rubric,
                    scoring=author.scoring,
                )
                self.counts["judges"] += 1
                freeze_rubric(self.rubric)
            self._judges[key] = judge
        return judge

    def _prompt(self, author: Author) -> Prompt | None:
        """The prompt of this name and content hash; a name with another hash is another version."""
        if author.prompt is None:
            return None
        versions = Prompt.objects.filter(project=self.project, name=author.prompt).order_by("-version")
        found = versions.filter(content_hash=author.prompt_hash).first()
        if found is None:
            newest = versions.first()
            found = Prompt.objects.create(
                project=self.project,
                name=author.prompt,
                version=newest.version + 1 if newest else 1,
                content_hash=author.prompt_hash,
            )
        return found

    def finish(self) -> None:
        """Write each run's counts once, from the store."""
        runs = [run.pk for run in self._runs.values()]
        if runs:
            self.cursor.execute(
                "UPDATE judges_run r SET n_items = c.n, n_graded = c.graded, n_scored = c.scored,"
                " n_abstained = c.abstained, n_unreadable = c.unreadable, n_failed = c.failed,"
                " tokens_in = c.tokens_in, tokens_out = c.tokens_out FROM ("
                "SELECT run_id, count(*) AS n,"
                " count(*) FILTER (WHERE outcome = 'graded') AS graded,"
                " count(*) FILTER (WHERE outcome = 'scored') AS scored,"
                " count(*) FILTER (WHERE outcome = 'abstained') AS abstained,"
                " count(*) FILTER (WHERE outcome IN ('unreadable', 'out_of_range')) AS unreadable,"
                " count(*) FILTER (WHERE outcome IN ('empty', 'refused', 'error')) AS failed,"
                " coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out"
                " FROM judges_verdict WHERE run_id = ANY(%s) GROUP BY run_id) c WHERE r.id = c.run_id",
                [runs],
            )


def _or_null(value: object) -> str:
    return "\\N" if value is None else repr(value)
