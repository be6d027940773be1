"""Whose verdicts a compliance report is about: runs by judge and cell, of an experiment or brought in."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from corpus.models import Job, Project
from judges.cells import CELLS
from judges.models import Experiment, Judge, Run
from judges.models.run import RunQuerySet
from reports.runs import JudgeRuns, names


class JudgeCells(NamedTuple):
    """The complete runs of one judge: those of a cell are its repeats, in order."""

    name: str  # unique beside the prompt: an older version says that it is one
    judge: Judge
    runs: dict[str, tuple[Run, ...]]  # by cell, in the order of CELLS

    @property
    def prompt(self) -> str | None:
        return self.judge.prompt.name if self.judge.prompt else None

    @property
    def condition_name(self) -> None:
        """None: a judge is called without the conditions that it is read under."""
        return

    @property
    def all_runs(self) -> list[Run]:
        return [run for of in self.runs.values() for run in of]


class Progress(NamedTuple):
    """How far the runs of an experiment are."""

    n_done: int
    n_planned: int
    n_stopped: int  # cancelled or failed
    is_started: bool


def experiment_runs(experiment: Experiment) -> list[JudgeCells]:
    """The judges of an experiment with their complete runs; of a repeat that was run again, the newest."""
    return runs_of(experiment.project, [experiment])[experiment.pk]


def runs_of(project: Project, experiments: Sequence[Experiment]) -> dict[int, list[JudgeCells]]:
    """The same of several experiments of a project, by key, in one query."""
    newest: dict[int, dict[tuple, Run]] = {experiment.pk: {} for experiment in experiments}
    for run in _readable(project).filter(experiment__in=list(newest)).order_by("pk"):
        cell = run.condition.cell if run.condition else "N0"
        newest[run.experiment_id][run.judge_id, cell, run.repeat] = run
    return {
        pk: _by_judge((run, key[1]) for key, run in sorted(of.items(), key=lambda each: each[0][2]))
        for pk, of in newest.items()
    }


def imported_runs(project: Project) -> list[JudgeCells]:
    """Judges with verdicts outside experiments under conditions that have a cell, complete runs as repeats.

    Plain verdicts of such a judge are its baseline, N0, where none of its conditions is.
    """
    runs = list(_readable(project).filter(experiment=None).order_by("pk"))
    placed = [run for run in runs if run.condition and run.condition.cell in CELLS]
    judges = {run.judge_id for run in placed}
    with_baseline = {run.judge_id for run in placed if run.condition.cell == "N0"}
    plain = [run for run in runs if run.condition is None and run.judge_id in judges - with_baseline]
    return _by_judge((run, run.condition.cell if run.condition else "N0") for run in [*placed, *plain])


def has_imported(project: Project) -> bool:
    """Whether there are verdicts outside experiments under a condition: with a cell, or waiting for one."""
    return _readable(project).filter(experiment=None).exclude(condition=None).exists()


def progress_of(experiments: Sequence[Experiment]) -> list[Progress]:
    """Of each: complete runs of those that the plan asks for; of those that exist where it does not say."""
    states: dict[int, list[str]] = {experiment.pk: [] for experiment in experiments}
    for pk, state in Run.objects.filter(experiment__in=list(states)).values_list("experiment", "job__state"):
        states[pk].append(state)
    return [_progress(experiment, states[experiment.pk]) for experiment in experiments]


def _progress(experiment: Experiment, states: list[str]) -> Progress:
    plan = experiment.plan if isinstance(experiment.plan, dict) else {}
    judges, cells, repeats = (plan.get(name) for name in ("judges", "cells", "repeats"))
    n_planned = len(states)
    if isinstance(judges, list) and isinstance(cells, list) and isinstance(repeats, int):
        n_planned = max(n_planned, len(judges) * len(cells) * repeats)
    return Progress(
        states.count(Job.State.DONE),
        n_planned,
        sum(state in (Job.State.CANCELLED, Job.State.FAILED) for state in states),
        experiment.started_at is not None or bool(states),
    )


def _readable(project: Project) -> RunQuerySet:
    return (
        Run.objects.for_project(project)
        .complete()
        .filter(judge__rubric__in=project.rubrics.order_by("id").values("pk")[:1])
        .select_related("judge__prompt", "judge__rubric", "condition", "job")
    )


def _by_judge(found: Iterable[tuple[Run, str]]) -> list[JudgeCells]:
    by_judge: dict[int, dict[str, list[Run]]] = {}
    judges: dict[int, Judge] = {}
    for run, cell in found:
        judges.setdefault(run.judge_id, run.judge)
        by_judge.setdefault(run.judge_id, {}).setdefault(cell, []).append(run)
    ordered = sorted(judges.values(), key=_place)
    called = names([JudgeRuns(judge, None, ()) for judge in ordered])
    return [
        JudgeCells(name, judge, {cell: tuple(runs[cell]) for cell in CELLS if cell in runs})
        for name, judge in zip(called, ordered, strict=True)
        if (runs := by_judge[judge.pk]) and set(runs) & set(CELLS)
    ]


def _place(judge: Judge) -> tuple:
    return judge.name.casefold(), judge.name, judge.prompt.name if judge.prompt else "", -judge.version
