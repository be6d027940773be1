"""Judges under a condition: whether it goes with them, and what exactly they are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from judges.conditions.content import ConditionProblem, check_content
from judges.conditions.shown import shown_item, shown_under
from judges.engines.base import Prompt as Messages
from judges.items import judged_items
from judges.models import Condition, Judge, Run
from judges.models.judge import Scoring
from judges.prompting import PromptTemplate, render
from judges.scoring import SCORINGS
from judges.scoring.base import Scale, ScoringProblem
from judges.services.judges import scale_of
from judges.services.prompts import template_of

WITHOUT_GRADE = {
    Scoring.LIKELIHOOD: "reads how likely the query is",
    Scoring.LISTWISE: "puts candidates in order",
}


def check_condition(judge: Judge, content: Mapping[str, Any]) -> None:
    """Raise ConditionProblem where the judge cannot be asked under a condition with this content."""
    check_content(content)
    if judge.is_jury or judge.is_imported:
        why = "a jury, which is shown nothing" if judge.is_jury else "a judge whose verdicts were imported"
        raise ConditionProblem(f"“{judge.name}” is {why}: a condition changes what a judge is shown")
    if content["may_abstain"] and judge.scoring in WITHOUT_GRADE:
        raise ConditionProblem(
            f"“{judge.name}” {WITHOUT_GRADE[judge.scoring]} and gives no grade, so that it cannot say that an"
            " item cannot be judged, as this condition lets it; choose a judge that grades"
        )
    prompt, scale = shown_under(content, template_of(judge.prompt), scale_of(judge.rubric))
    try:
        SCORINGS[judge.scoring].check(prompt=prompt, scale=scale, options=judge.options)
    except ScoringProblem as problem:
        raise ConditionProblem(f"“{judge.name}” does not go with this condition: {problem}") from problem


def content_of(condition: Condition | None) -> dict[str, Any] | None:
    """What the condition changes; None for the plain one, and for one that came with imported verdicts."""
    return condition.content or None if condition else None


def asked_under(judge: Judge, condition: Condition | None) -> tuple[PromptTemplate, Scale]:
    """The judge's prompt and scale as the condition shows them."""
    return shown_under(content_of(condition), template_of(judge.prompt), scale_of(judge.rubric))


def prompt_shown(run: Run, item_id: int) -> Messages:
    """The messages that the run's judge was shown of this item, word for word: see `prompts_shown`.

    Raises ConditionProblem for a judge that is shown nothing here, and for an item that is gone.
    """
    if not _is_shown_here(run.judge):
        raise ConditionProblem(f"what “{run.judge.name}” was shown is not known here")
    found = prompts_shown(run, [item_id])
    if item_id not in found:
        raise ConditionProblem("there is no such item")
    return found[item_id]


def prompts_shown(run: Run, item_ids: Sequence[int]) -> dict[int, Messages]:
    """By item, what the run's judge was shown, word for word; empty for imported judges and juries.

    Of a pair in the order in which it is stored; of a list, the candidate alone. Nothing is cut for a
    model's length. One query for all items.
    """
    judge = run.judge
    if not _is_shown_here(judge):
        return {}
    (prompt, scale), content = asked_under(judge, run.condition), content_of(run.condition)
    is_listed = SCORINGS[judge.scoring].whole_queries
    found = {}
    for item in judged_items(item_ids):
        if is_listed:
            item = item._replace(listed=f"[1] {item.title} {item.candidate}")
        found[item.item_id] = render(prompt, shown_item(content, item), scale)
    return found


def _is_shown_here(judge: Judge) -> bool:
    return judge.prompt is not None and bool(judge.prompt.messages) and judge.scoring in SCORINGS
