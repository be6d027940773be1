"""Planning an experiment as a whole, freezing the plan, and starting all its runs with one call.

Everything is held fixed but the condition: the same judges, the same items in the same order, the same
decoding. The conditions' texts are frozen with the plan, so what starts tomorrow is what was shown today.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from corpus.audit import record
from corpus.models import ItemSet, Project, User
from corpus.models.audit import Verb
from judges.cells import ARMS, FACTORIAL, RUNGS
from judges.conditions.content import ConditionProblem, condition_for
from judges.conditions.wording import wordings_for
from judges.experiments.refusing import ExperimentRefused
from judges.models import Condition, Experiment, Judge
from judges.models.judge import Scoring
from judges.services.conditions import check_condition
from judges.services.runs import RunRefused, start_run

DEFENCES = ("sandwich", "spotlight", "abstain", "neutral-delimiters-off")
MOST_RUNS = 2_000
GRADING = (Scoring.GRADE, Scoring.YES_NO, Scoring.REASON, Scoring.CRITERIA)


def judges_for_experiments(project: Project):
    """Judges of the project's own scale that were made here and grade one item at a time."""
    judges = project.judges.made_here().filter(scoring__in=GRADING, rubric=project.rubric)
    return judges.select_related("engine", "prompt", "rubric").order_by("name", "-version")


@transaction.atomic
def plan_compliance(
    project: Project,
    *,
    name: str,
    judges: Sequence[Judge],
    item_set: ItemSet,
    repeats: int = 1,
    within: int = 0,
    arms: Sequence[str] = (),
    ladder: bool = False,
    cap: float | None = None,
    by: User | None = None,
) -> Experiment:
    """The 3 × 2 factorial of these judges over this set, with the arms asked for; nothing starts yet.

    `within`: how far a grade may lie from the human one and still be right. Raises ExperimentRefused.
    """
    cells = [*FACTORIAL, *(arm for arm in ARMS if arm in arms), *(RUNGS if ladder else ())]
    plan = {"cells": cells, "repeats": repeats, "within": within, "cap": cap}
    return _plan(
        project, Experiment.Kind.COMPLIANCE, name=name, judges=judges, item_set=item_set, plan=plan, by=by
    )


@transaction.atomic
def plan_robustness(
    project: Project,
    *,
    name: str,
    judges: Sequence[Judge],
    item_set: ItemSet,
    clean_set: ItemSet | None = None,
    defences: Sequence[str] = (),
    cap: float | None = None,
    by: User | None = None,
) -> Experiment:
    """Judges over a set of attacked and clean items, plain and under each defence; nothing starts yet.

    With a `clean_set` the clean items are judged once more, which shows each judge's own noise. Raises
    ExperimentRefused.
    """
    plan = {
        "cells": ["plain", *(defence for defence in DEFENCES if defence in defences)],
        "repeats": 1,
        "clean_set": clean_set and clean_set.pk,
        "cap": cap,
    }
    return _plan(
        project, Experiment.Kind.ROBUSTNESS, name=name, judges=judges, item_set=item_set, plan=plan, by=by
    )


def _plan(
    project: Project,
    kind: str,
    *,
    name: str,
    judges: Sequence[Judge],
    item_set: ItemSet,
    plan: dict,
    by: User | None,
) -> Experiment:
    name = name.strip()
    if not name:
        raise ExperimentRefused("An experiment needs a name.")
    if project.experiments.filter(name=name).exists():
        raise ExperimentRefused(f"There is an experiment called “{name}” already; choose another name.")
    if not judges:
        raise ExperimentRefused("Choose at least one judge.")
    if item_set.project_id != project.pk or not item_set.n_items:
        raise ExperimentRefused(f"The item set “{item_set}” has no items of this project.")
    if plan["repeats"] < 1:
        raise ExperimentRefused("An experiment has at least one repeat.")
    n_runs = len(judges) * len(plan["cells"]) * plan["repeats"]
    if n_runs > MOST_RUNS:
        raise ExperimentRefused(f"These are {n_runs:,} runs; an experiment has {MOST_RUNS:,} at most.")
    wordings = wordings_for(project)
    conditions = {
        cell: None if cell == "plain" else condition_for(project, cell, wordings=wordings)
        for cell in plan["cells"]
    }
    allowed = set(judges_for_experiments(project).values_list("pk", flat=True))
    for judge in judges:
        if judge.pk not in allowed:
            raise ExperimentRefused(
                f"“{judge}” does not grade single items on the project's own scale here: it cannot take part."
            )
        for condition in filter(None, conditions.values()):
            try:
                check_condition(judge, condition.content)
            except ConditionProblem as problem:
                text = str(problem)
                raise ExperimentRefused(f"{text[:1].upper()}{text[1:]}.") from problem
    return Experiment.objects.create(
        project=project,
        name=name,
        kind=kind,
        item_set=item_set,
        plan=plan
        | {
            "judges": [judge.pk for judge in judges],
            "conditions": {cell: condition and condition.pk for cell, condition in conditions.items()},
            "n_items": item_set.n_items,
            "families": item_set.made_from.get("families", []),
        },
        created_by=by,
    )


@transaction.atomic
def start_experiment(experiment: Experiment, *, by: User | None = None) -> int:
    """Start every run of the plan; return how many. Raises ExperimentRefused, with nothing started."""
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if locked.started_at:
        raise ExperimentRefused(f"“{experiment}” was started already.")
    plan = experiment.plan
    judges = Judge.objects.select_related("engine", "project", "rubric").in_bulk(plan["judges"])
    conditions = conditions_of(experiment)
    clean = experiment.project.item_sets.filter(pk=plan.get("clean_set")).first()
    again = [(1, experiment.item_set)] if clean is None else [(1, experiment.item_set), (2, clean)]
    rounds = [(repeat, experiment.item_set) for repeat in range(2, plan["repeats"] + 1)]
    n_runs = 0
    for repeat, item_set in [*again, *rounds]:
        for cell in plan["cells"]:
            for judge in (judges[pk] for pk in plan["judges"]):
                try:
                    start_run(
                        judge,
                        item_set=item_set,
                        condition=conditions[cell],
                        experiment=experiment,
                        repeat=repeat,
                        cap=plan.get("cap"),
                        by=by,
                    )
                except RunRefused as refusal:
                    raise ExperimentRefused(f"“{judge}” cannot be run: {refusal}") from refusal
                n_runs += 1
    locked.started_at = experiment.started_at = timezone.now()
    locked.save(update_fields=["started_at"])
    record(Verb.EXPERIMENT_STARTED, experiment, project=experiment.project, by=by, n_runs=n_runs)
    return n_runs


def conditions_of(experiment: Experiment) -> dict[str, Condition | None]:
    """The frozen condition of each cell of the plan; None for the plain one."""
    planned = experiment.plan.get("conditions", {})
    found = Condition.objects.in_bulk([pk for pk in planned.values() if pk])
    return {cell: found.get(planned.get(cell)) for cell in experiment.plan.get("cells", [])}


def discard_plan(experiment: Experiment) -> None:
    """Forget a plan that was not started. Raises ExperimentRefused for one that was."""
    if experiment.started_at or experiment.runs.exists():
        raise ExperimentRefused(f"“{experiment}” has been started: its verdicts are kept.")
    experiment.delete()
