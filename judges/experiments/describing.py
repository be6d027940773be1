"""A plan in words and figures, and what each of its conditions shows a judge, word for word."""

import difflib
from typing import NamedTuple

from judges.cells import FACTORIAL
from judges.conditions.shown import shown_item, shown_under
from judges.estimating import estimate_run
from judges.experiments.planning import conditions_of
from judges.items import judged_items
from judges.models import Condition, Experiment, Judge
from judges.prompting import render
from judges.services.judges import scale_of
from judges.services.prompts import template_of
from measures.proportions import smallest_paired_difference

N_CONTRASTS = 5  # planned contrasts of a judge


class Plan(NamedTuple):
    """What is planned, in words and figures."""

    sentence: str
    power: str
    warnings: list[str]
    judges: list[Judge]
    families: dict[str, int]
    right: str
    repeats: int
    n_runs: int
    n_verdicts: int
    tokens_in: int
    dollars: float | None
    seconds: float | None


class Piece(NamedTuple):
    """A part of a message; `is_added` where the condition put it there."""

    text: str
    is_added: bool


class ShownMessage(NamedTuple):
    role: str
    pieces: list[Piece]


class ShownPrompt(NamedTuple):
    """What one condition shows of the set's first item."""

    cell: str
    name: str
    note: str
    messages: list[ShownMessage]


def describe_plan(experiment: Experiment) -> Plan:
    """The plan of an experiment, whether it has started or not."""
    plan = experiment.plan
    found = Judge.objects.select_related("engine", "prompt", "rubric").in_bulk(plan.get("judges", []))
    judges = [found[pk] for pk in plan.get("judges", []) if pk in found]
    cells, repeats = plan.get("cells", []), plan.get("repeats", 1)
    n_items = experiment.item_set.n_items
    clean = experiment.project.item_sets.filter(pk=plan.get("clean_set")).first()
    times = len(cells) * repeats
    n_again = clean.n_items if clean else 0
    estimates = [estimate_run(judge, experiment.item_set) for judge in judges]
    share = times + (n_again * len(cells) / n_items if n_items else 0)
    dollars = [each.dollars for each in estimates]
    seconds = [each.seconds for each in estimates]
    return Plan(
        sentence=_sentence(experiment, len(judges), n_items),
        power=_power(experiment, n_judges=len(judges)),
        warnings=_warnings(experiment),
        judges=judges,
        families=dict(plan.get("families", [])),
        right="the human grade or one beside it" if plan.get("within") else "exactly the human grade",
        repeats=repeats,
        n_runs=len(judges) * (times + (len(cells) if clean else 0)),
        n_verdicts=len(judges) * (times * n_items + n_again * len(cells)),
        tokens_in=round(share * sum(each.tokens_in for each in estimates)),
        dollars=None if None in dollars else share * sum(each or 0.0 for each in dollars),
        seconds=None if None in seconds else share * sum(each or 0.0 for each in seconds),
    )


def show_prompts(experiment: Experiment, judge_pk: int | None) -> list[ShownPrompt]:
    """What every condition shows this judge of the first item, with what it adds marked."""
    judge = Judge.objects.select_related("prompt", "rubric").filter(pk=judge_pk).first()
    first = experiment.item_set.entries.order_by("position").values_list("item_id", flat=True).first()
    if judge is None or judge.prompt is None or first is None:
        return []
    [item] = judged_items([first])
    template, scale = template_of(judge.prompt), scale_of(judge.rubric)
    plain = [message["content"] for message in render(template, item, scale)]
    shown = []
    for cell, condition in conditions_of(experiment).items():
        content = condition.content if condition else {}
        its_template, its_scale = shown_under(content, template, scale) if condition else (template, scale)
        messages = render(its_template, shown_item(content, item) if condition else item, its_scale)
        shown.append(
            ShownPrompt(
                cell,
                condition.name if condition else "plain",
                _parts(condition),
                [ShownMessage(message["role"], _marked(plain, message["content"])) for message in messages],
            )
        )
    return shown


def _marked(plain: list[str], content: str) -> list[Piece]:
    """The message in pieces: lines that stand in no plain message are what the condition added."""
    lines, known = content.splitlines(keepends=True), [line for each in plain for line in each.splitlines()]
    bare = [line.rstrip("\n") for line in lines]
    pieces: list[Piece] = []
    for tag, _, _, start, end in difflib.SequenceMatcher(a=known, b=bare, autojunk=False).get_opcodes():
        if start < end:
            pieces.append(Piece("".join(lines[start:end]), tag != "equal"))
    return pieces


def _parts(condition: Condition | None) -> str:
    """Which texts in which version it is made of."""
    if condition is None:
        return ""
    parts = [f"{part['name']} {part['version']}" for part in condition.content.get("parts", [])]
    return ", ".join(parts)


def _sentence(experiment: Experiment, n_judges: int, n_items: int) -> str:
    plan = experiment.plan
    n_cells = len(plan.get("cells", []))
    judged = f"{n_judges} judge{'' if n_judges == 1 else 's'}"
    if experiment.kind == Experiment.Kind.COMPLIANCE:
        extra = n_cells - len(FACTORIAL)
        arms = f" and {extra} further arm{'' if extra == 1 else 's'}" if extra > 0 else ""
        repeats = plan.get("repeats", 1)
        times = f", {repeats} times each" if repeats > 1 else ""
        return (
            f"{judged} {'grades' if n_judges == 1 else 'grade'} the same {n_items:,} items"
            f" under six conditions{arms}{times}."
        )
    defences = n_cells - 1
    under = f", plain and under {defences} defence{'' if defences == 1 else 's'}" if defences else ""
    return f"{judged} {'grades' if n_judges == 1 else 'grade'} {n_items:,} clean and attacked items{under}."


def _power(experiment: Experiment, *, n_judges: int) -> str:
    """The smallest effect that the factorial can see, in words."""
    if experiment.kind != Experiment.Kind.COMPLIANCE or not n_judges:
        return ""
    plan = experiment.plan
    found = smallest_paired_difference(
        experiment.item_set.n_items, n_tests=N_CONTRASTS * n_judges, repeats=plan.get("repeats", 1)
    )
    if found != found:
        return "So few items can show no effect at all; take more."
    return (
        f"It can see a change of {100 * found:.1f} percentage points in accuracy between two conditions: with"
        f" 80 % power, adjusted for {N_CONTRASTS * n_judges} contrasts, if every fifth item changes its"
        " answer."
    )


def _warnings(experiment: Experiment) -> list[str]:
    found = []
    if experiment.plan.get("repeats", 1) > 1:
        found.append(
            "Engines are asked at temperature 0, so that repeats show no more than how far a server wavers:"
            " they cost as much as the first and hardly narrow any interval."
        )
    families = experiment.plan.get("families", [])
    if experiment.kind == Experiment.Kind.COMPLIANCE and families and len(families) == 1:
        found.append("Without boundary items nothing can be said about grades that are made up.")
    return found
