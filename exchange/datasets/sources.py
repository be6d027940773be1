"""A plan held against a project: judges found, formats that fit, statements for each table."""

from typing import NamedTuple

from corpus.models import ItemSet, Project, Rubric
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.selection import find_selection
from exchange.datasets.voices import Voice, find_voice
from exchange.datasets.writers.base import Choices
from exchange.datasets.writers.formats import FORMATS
from mining.models import Selection


class Sources(NamedTuple):
    """What a plan names, found in its project."""

    project: Project
    plan: Plan
    rubric: Rubric
    selection: Selection | None
    item_set: ItemSet | None
    judge: Voice | None
    pair_judge: Voice | None
    criteria: Rubric | None
    criteria_judge: Voice | None

    @property
    def choices(self) -> Choices:
        """What the writers go by."""
        tag = self.judge.judge.name if self.judge else "concord"
        unit = self.judge.unit if self.judge else "log_odds"
        return Choices(negatives=self.plan.negatives, margin=unit, tag=tag, seed=self.plan.seed)

    @property
    def voices(self) -> list[Voice]:
        return [voice for voice in (self.judge, self.pair_judge, self.criteria_judge) if voice]


def find_sources(project: Project, plan: Plan) -> Sources:
    """Everything the plan names. Raises CannotRelease for what the project does not have."""
    plan.check()
    rubric = project.rubric
    selection = find_selection(project, plan.selection) if plan.source == "selection" else None
    judge = _judge(project, plan, rubric, selection)
    item_set = project.item_sets.filter(pk=plan.item_set, of_pairs=False).first() if plan.item_set else None
    if plan.item_set and item_set is None:
        raise CannotRelease("That item set is none of this project’s sets of single candidates.")
    for form in map(FORMATS.__getitem__, plan.formats):
        if form.needs == "log-odds" and judge is not None and not judge.has_log_odds:
            raise CannotRelease(
                f"“{form.title}” holds probabilities, and the judge “{judge.judge}” gives none:"
                " choose one that answers yes or no, or with one grade."
            )
    return Sources(
        project,
        plan,
        rubric,
        selection,
        item_set,
        judge,
        _pair_judge(project, plan),
        *_criteria(project, plan),
    )


def _judge(project: Project, plan: Plan, rubric: Rubric, selection: Selection | None) -> Voice | None:
    """The judge of the grades or scores; of a selection that of its run, with this run alone."""
    if selection is not None:
        return Voice(selection.run.judge, [selection.run_id])
    return find_voice(project, plan.judge, rubric=rubric) if plan.judge is not None else None


def _pair_judge(project: Project, plan: Plan) -> Voice | None:
    if "pairs" not in plan.tables:
        return None
    if plan.pair_judge is None:
        if not plan.uses_people:
            raise CannotRelease("Preference pairs of a judge: name the judge that compares candidates.")
        return None
    rubric = Rubric.objects.filter(
        project=project, kind=Rubric.Kind.PREFERENCE, judges__pk=plan.pair_judge
    ).first()
    if rubric is None:
        raise CannotRelease("The judge of preference pairs is one of this project’s that compare candidates.")
    return find_voice(project, plan.pair_judge, rubric=rubric)


def _criteria(project: Project, plan: Plan) -> tuple[Rubric | None, Voice | None]:
    if "criteria" not in plan.tables:
        return None, None
    rubrics = project.rubrics.filter(kind=Rubric.Kind.CRITERIA).order_by("id")
    rubric = rubrics.filter(pk=plan.criteria).first() if plan.criteria else rubrics.first()
    if rubric is None:
        raise CannotRelease("No scale of this project has several criteria, so that format has no rows.")
    if plan.criteria_judge is None:
        if not plan.uses_people:
            raise CannotRelease("Several criteria of a judge: name the judge that grades on them.")
        return rubric, None
    return rubric, find_voice(project, plan.criteria_judge, rubric=rubric)
