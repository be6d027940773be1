"""Judges: made from an engine, a prompt, a rubric and a scoring; never changed afterwards."""

from collections.abc import Sequence

from django.db import transaction

from corpus.audit import record
from corpus.models import Project, Rubric, User
from corpus.models.audit import Verb
from corpus.services import freeze_rubric
from judges.models import Engine, Judge, Prompt
from judges.models.judge import Scoring
from judges.scoring import SCORINGS
from judges.scoring.base import Criterion, Scale, ScoringProblem, read_options
from judges.scoring.jury import read_rule
from judges.services.prompts import template_of


class JudgeRefused(Exception):
    """The judge cannot be made like this; one sentence says why."""


def scale_of(rubric: Rubric) -> Scale:
    """The rubric as scoring reads it."""
    scales = tuple(
        Criterion(
            scale.name,
            scale.meaning,
            tuple((grade["value"], grade["name"], grade.get("meaning", "")) for grade in scale.grades),
        )
        for scale in rubric.scales
    )
    return Scale(
        grades=scales[0].grades,
        cut=rubric.cut,
        may_abstain=rubric.may_abstain,
        criteria=scales if len(scales) > 1 else (),
        compares=rubric.compares,
    )


@transaction.atomic
def create_judge(
    project: Project,
    *,
    name: str,
    engine: Engine,
    prompt: Prompt,
    scoring: str,
    options: dict | None = None,
    rubric: Rubric | None = None,
    by: User | None = None,
) -> Judge:
    """The judge with exactly this content; its rubric is frozen from now on.

    The same content under the same name is the same judge; other content under that name becomes its
    next version. Without a rubric the project's own is used. Raises JudgeRefused.
    """
    name = name.strip()
    rubric = rubric or project.rubric
    options = options or {}
    if not name or name == "add":
        raise JudgeRefused("A judge needs a name, and “add” is a word of the command line.")
    if scoring == Scoring.JURY:
        raise JudgeRefused("A jury is made of judges, without an engine and a prompt.")
    if scoring not in SCORINGS:
        raise JudgeRefused(f"There is no scoring “{scoring}”; there are {', '.join(SCORINGS)}.")
    if prompt.scoring and prompt.scoring != scoring:
        raise JudgeRefused(
            f"The prompt “{prompt.name}” was written for the scoring {prompt.scoring}, not {scoring}."
        )
    try:
        SCORINGS[scoring].check(prompt=template_of(prompt), scale=scale_of(rubric), options=options)
    except ScoringProblem as problem:
        raise JudgeRefused(f"This judge does not fit together: {problem}.") from problem
    # One at a time per project: two equal requests make one judge, two different ones two versions.
    Project.objects.select_for_update().get(pk=project.pk)
    versions = list(project.judges.filter(name=name).order_by("version"))
    if any(judge.is_imported for judge in versions):
        raise JudgeRefused(f"“{name}” is the name of a judge whose verdicts were imported; choose another.")
    content = {
        "engine": engine,
        "model": engine.model_name,
        "prompt": prompt,
        "rubric": rubric,
        "scoring": scoring,
        "options": read_options(options, SCORINGS[scoring].defaults),
    }
    for judge in versions:
        if all(getattr(judge, field) == value for field, value in content.items()):
            return judge
    return _next_version(project, name, versions=versions, content=content, by=by)


@transaction.atomic
def create_jury(
    project: Project, *, name: str, members: Sequence[Judge], rule: str, by: User | None = None
) -> Judge:
    """A judge made of judges of the project's own scale; the same content under the same name is the same.

    Imported judges may be members. Raises JudgeRefused.
    """
    name, rubric = name.strip(), project.rubric
    if not name or name == "add":
        raise JudgeRefused("A jury needs a name, and “add” is a word of the command line.")
    if len(members) < 2:
        raise JudgeRefused("A jury has at least two members.")
    if odd := [
        member.name for member in members if member.project_id != project.pk or member.rubric_id != rubric.pk
    ]:
        raise JudgeRefused(f"{', '.join(odd)} does not grade on the scale “{rubric}” of this project.")
    if juries := [member.name for member in members if member.is_jury]:
        raise JudgeRefused(f"{', '.join(juries)} is a jury itself; name its members instead.")
    try:
        options = {"rule": read_rule({"rule": rule})}
    except ScoringProblem as problem:
        raise JudgeRefused(f"This jury does not fit together: {problem}.") from problem
    Project.objects.select_for_update().get(pk=project.pk)
    versions = list(project.judges.filter(name=name).order_by("version").prefetch_related("members"))
    if any(judge.is_imported for judge in versions):
        raise JudgeRefused(f"“{name}” is the name of a judge whose verdicts were imported; choose another.")
    wanted = {member.pk for member in members}
    for judge in versions:
        if judge.is_jury and judge.options == options and {each.pk for each in judge.members.all()} == wanted:
            return judge
    content = {
        "model": f"jury of {len(wanted)}",
        "rubric": rubric,
        "scoring": Scoring.JURY,
        "options": options,
    }
    jury = _next_version(project, name, versions=versions, content=content, by=by)
    jury.members.set(members)
    return jury


def _next_version(
    project: Project, name: str, *, versions: list[Judge], content: dict, by: User | None
) -> Judge:
    freeze_rubric(content["rubric"])
    version = versions[-1].version + 1 if versions else 1
    judge = Judge.objects.create(project=project, name=name, version=version, created_by=by, **content)
    record(Verb.JUDGE_MADE, judge, project=project, by=by, version=version)
    return judge
