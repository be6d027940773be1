"""Verdicts made elsewhere: one imported judge per (name, prompt), one run per import and condition."""

from collections.abc import Sequence
from typing import NamedTuple

from corpus.models import Job, Project
from corpus.services import freeze_rubric
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import Placed
from exchange.importing.copying import copy_lines, escape
from exchange.importing.reading_grades import ReadVerdict
from judges.models import Condition, Judge, Prompt, Run


class Author(NamedTuple):
    """Who gave a verdict, as a file tells it; `prompt` is None where there is none (qrels)."""

    judge: str
    prompt: str | None
    condition: str = ""
    version: int = 1
    run: str = ""
    scoring: str = ""
    prompt_hash: str = ""


class FileVerdict(NamedTuple):
    line: int
    placed: Placed
    author: Author
    answer: ReadVerdict
    reason: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None


class VerdictWriter:
    """Writes imported verdicts. What the judge's latest run already says about an item is left alone;
    a different answer goes into this import's own run, which from then on is the latest."""

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.bad = bad
        self.rubric = project.rubric
        self.counts = {"verdicts": 0, "unchanged": 0, "judges": 0}
        self.outcomes: dict[str, int] = {}
        self._judges: dict[tuple, Judge] = {}
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
            for verdict in self._unknown(author, mine):
                fresh.append((self._run(author).pk, verdict))
        if not fresh:
            return
        copy_lines(
            self.cursor,
            "judges_verdict",
            [
                "run_id",
                "item_id",
                "outcome",
                "grade",
                "score",
                "raw",
                "reason",
                "tokens_in",
                "tokens_out",
            ],  # fmt: skip
            (
                f"{run}\t{verdict.placed.item}\t{verdict.answer.outcome}\t{_or_null(verdict.answer.grade)}"
                f"\t{_or_null(verdict.answer.score)}\t{escape(verdict.answer.raw)}\t{escape(verdict.reason)}"
                f"\t{_or_null(verdict.tokens_in)}\t{_or_null(verdict.tokens_out)}"
                for run, verdict in fresh
            ),
        )
        self.counts["verdicts"] += len(fresh)
        for _, verdict in fresh:
            self.outcomes[verdict.answer.outcome] = self.outcomes.get(verdict.answer.outcome, 0) + 1

    def _unknown(self, author: Author, mine: dict[int, FileVerdict]) -> list[FileVerdict]:
        """Those of one author's verdicts that neither this run nor the latest earlier one holds."""
        own = self._runs.get(author)
        runs = ([own.pk] if own else []) + self._earlier_runs(author)
        old = [item for item, verdict in mine.items() if not verdict.placed.is_new] if runs else []
        stored: dict[int, tuple] = {}
        if old:
            self.cursor.execute(
                "SELECT DISTINCT ON (item_id) item_id, run_id, outcome, grade, score, raw FROM judges_verdict"
                " WHERE run_id = ANY(%s) AND item_id = ANY(%s) ORDER BY item_id, run_id DESC",
                [runs, old],
            )
            stored = {row[0]: row[1:] for row in self.cursor.fetchall()}
        unknown = []
        for item, verdict in mine.items():
            before = stored.get(item)
            if before is None:
                unknown.append(verdict)
            elif ReadVerdict(*before[1:]) == verdict.answer:
                self.counts["unchanged"] += 1
            elif own and before[0] == own.pk:
                self._twice(verdict, ReadVerdict(*before[1:]), "earlier in this file")
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

    def _earlier_runs(self, author: Author) -> list[int]:
        if author not in self._earlier:
            self._earlier[author] = list(
                Run.objects.complete()
                .filter(judge=self._judge(author), condition=self._condition(author.condition))
                .exclude(job=self.job)
                .values_list("pk", flat=True)
            )
        return self._earlier[author]

    def _run(self, author: Author) -> Run:
        run = self._runs.get(author)
        if run is None:
            run = self._runs[author] = Run.objects.create(
                judge=self._judge(author), condition=self._condition(author.condition), job=self.job
            )
        return run

    def _condition(self, name: str) -> Condition | None:
        if name not in self._conditions:
            self._conditions[name], _ = Condition.objects.get_or_create(project=self.project, name=name)
        return self._conditions[name]

    def _judge(self, author: Author) -> Judge:
        key = (author.judge, author.prompt, author.version)
        judge = self._judges.get(key)
        if judge is None:
            prompt = None
            if author.prompt is not None:
                prompt, _ = Prompt.objects.get_or_create(
                    project=self.project,
                    name=author.prompt,
                    version=author.version,
                    defaults={"content_hash": author.prompt_hash},
                )
            judge, made = Judge.objects.get_or_create(
                project=self.project,
                name=author.judge,
                prompt=prompt,
                version=author.version,
                defaults={"rubric": self.rubric, "scoring": author.scoring},
            )
            if made:
                self.counts["judges"] += 1
                freeze_rubric(self.rubric)
            elif not judge.is_imported:
                self.bad.add(
                    0,
                    "judge",
                    f"“{author.judge}” is a judge that runs in this project; give the imported one another name.",
                )
            self._judges[key] = judge
        return judge

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
