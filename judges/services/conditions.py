"""Judges under a condition: whether it goes with them, and what exactly they are shown."""

from collections.abc import Mapping
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
    """The messages that the run's judge was shown of this item, word for word.

    Of a pair in the order in which it is stored; of a list, this candidate alone. Nothing is cut for a
    model's length. Raises ConditionProblem for a judge that is shown nothing here.
    """
    judge = run.judge
    if judge.prompt is None or not judge.prompt.messages or judge.scoring not in SCORINGS:
        raise ConditionProblem(f"what “{judge.name}” was shown is not known here")
    found = judged_items([item_id])
    if not found:
        raise ConditionProblem("there is no such item")
    item = found[0]
    if SCORINGS[judge.scoring].whole_queries:
        item = item._replace(listed=f"[1] {item.title} {item.candidate}")
    prompt, scale = asked_under(judge, run.condition)
    return render(prompt, shown_item(content_of(run.condition), item), scale)
