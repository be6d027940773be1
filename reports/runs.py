"""Which runs speak for a judge: its complete runs under one condition, newest first."""

from collections.abc import Sequence
from typing import NamedTuple

from corpus.models import Project
from judges.models import Condition, Judge, Run
from judges.models.run import RunQuerySet


class JudgeRuns(NamedTuple):
    """The complete runs of one judge under one condition, newest first.

    Where several of them have a verdict on an item, the newest one counts.
    """

    judge: Judge
    condition: Condition | None
    runs: tuple[Run, ...]

    @property
    def ids(self) -> list[int]:
        return [run.pk for run in self.runs]

    @property
    def prompt_name(self) -> str | None:
        return self.judge.prompt.name if self.judge.prompt else None

    @property
    def condition_name(self) -> str | None:
        """What the condition is called; a later version says that it is one."""
        if self.condition is None or self.condition.version == 1:
            return self.condition and self.condition.name
        return f"{self.condition.name} (version {self.condition.version})"


def complete_runs(project: Project) -> list[JudgeRuns]:
    """For each judge of the project's own scale, and condition, that has complete runs: these runs.

    A judge on a further scale (several criteria, a preference) grades something else than the references do.
    Runs of an experiment speak on the page of their experiment alone.
    Ordered by judge, prompt, condition (the plain one first) and version, newest version first.
    """
    return by_judge(on_own_scale(project, Run.objects.plain()))


def by_judge(runs: RunQuerySet) -> list[JudgeRuns]:
    """These runs by judge and condition, newest first, in the order of `complete_runs`. One query."""
    found: dict[tuple[int, int | None], list[Run]] = {}
    for run in runs.select_related("judge__prompt", "judge__rubric", "condition", "job").order_by("-pk"):
        found.setdefault((run.judge_id, run.condition_id), []).append(run)
    return sorted((JudgeRuns(of[0].judge, of[0].condition, tuple(of)) for of in found.values()), key=_place)


def on_own_scale(project: Project, runs: RunQuerySet) -> RunQuerySet:
    """The complete runs among these whose judge grades on the project's own scale."""
    main = project.rubrics.order_by("id").values("pk")[:1]
    return runs.for_project(project).complete().filter(judge__rubric__in=main)


def names(judged: Sequence[JudgeRuns]) -> list[str]:
    """What each is called beside its prompt and condition: the judge's name; older versions say theirs."""
    newest: dict[tuple, int] = {}
    for each in judged:
        newest[_series(each)] = max(each.judge.version, newest.get(_series(each), 0))
    return [
        each.judge.name
        if each.judge.version == newest[_series(each)]
        else f"{each.judge.name} (version {each.judge.version})"
        for each in judged
    ]


def state_of(run: Run) -> list:
    """What tells whether a complete run has changed: a retry of its failures ends it a second time."""
    ended = run.job.finished_at
    return [run.pk, ended and ended.isoformat(), run.n_graded, run.n_scored, run.n_abstained, run.n_done]


def _series(judged: JudgeRuns) -> tuple:
    """What the versions of one judge have in common."""
    judge = judged.judge
    return judge.name, judge.prompt and judge.prompt.name, judged.condition and judged.condition.name


def _place(judged: JudgeRuns) -> tuple:
    name, prompt, condition = _series(judged)
    return name.casefold(), name, prompt or "", condition or "", -judged.judge.version
