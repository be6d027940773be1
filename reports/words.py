"""What the figures mean, in sentences made by rule.

A sentence never claims more than the intervals allow: without an interval nothing is compared, and where two
intervals overlap, that is what is said.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Protocol

from measures.estimates import Estimate
from reports.agreement import JudgeAgreement
from reports.ceiling import Ceiling
from reports.showing import has_interval, said

NO_BETTER_THAN_CHANCE = "That is not shown to be better than chance."


def say_agreement(
    judges: Sequence[JudgeAgreement], people: Ceiling | None, *, n_references: int, n_alike: int = 0
) -> list[str]:
    """How far judges agree with people, as one to four sentences.

    `n_references` is how many items have a human grade (an estimate will do), `n_alike` how many judges are
    not told apart from the best.
    """
    if not n_references:
        return ["No item has a human grade yet, so nothing can be said about judges."]
    if not judges:
        return [
            f"{_items_have(n_references)} a human grade; no judge has answered any of them yet.",
            *([f"Two people agree at κ {said(people.agreement.kappa)}."] if people else []),
        ]
    by_grade, by_score = _best(judges, "kappa"), _best(judges, "auc")
    sentences = []
    if by_grade:
        sentences += _say_grades(by_grade, judges, people, n_alike=n_alike)
    if by_score and by_score is not by_grade:
        sentences += _say_scores(by_score, judges)
    if not sentences:
        sentences = ["Judges have answered, but on too few or too uniform items for a measure of agreement."]
    return sentences


def _say_grades(
    best: JudgeAgreement, judges: Sequence[JudgeAgreement], people: Ceiling | None, *, n_alike: int
) -> list[str]:
    kappa = best.agreement.kappa
    rivals = [judge for judge in judges if isfinite(judge.agreement.kappa.value)]
    if len(rivals) == 1:
        first = f"{called(best)} agrees with people at κ {said(kappa)}"
    else:
        first = f"Of {len(rivals)} judges, {called(best)} agrees best with people, at κ {said(kappa)}"
    if people and isfinite(people.agreement.kappa.value):
        first += f"; two people agree at κ {said(people.agreement.kappa)}"
    sentences = [f"{first}."]
    if not has_interval(kappa):
        return [*sentences, "From so few queries no interval can be given: take the figure as a hint."]
    if kappa.low <= 0:
        sentences.append(NO_BETTER_THAN_CHANCE)
    sentences.append(_beside_people(kappa, people))
    if n_alike:
        others = "One other judge" if n_alike == 1 else f"{n_alike} other judges"
        sentences.append(
            f"{others} cannot be told apart from it on the same items, so which judge is best is open."
        )
    return sentences


def _beside_people(kappa: Estimate, people: Ceiling | None) -> str:
    if people is None:
        return "No item has the grades of two people, so how far people agree with each other is unknown."
    among_people = people.agreement.kappa
    if not has_interval(among_people):
        return "People have graded too few items together to compare."
    if kappa.high < among_people.low:
        return "It agrees with people less than they agree with each other."
    if kappa.low > among_people.high:
        return "It agrees with the reference more than two people agree with each other."
    return "These intervals overlap: whether people agree with each other more than with it is open."


def _say_scores(best: JudgeAgreement, judges: Sequence[JudgeAgreement]) -> list[str]:
    auc = best.agreement.auc
    n_scoring = sum(isfinite(judge.agreement.auc.value) for judge in judges)
    if n_scoring == 1:
        first = f"The scores of {called(best)} tell relevant items from others at AUC {said(auc)}."
    else:
        first = (
            f"Of {n_scoring} judges with scores, those of {called(best)} tell relevant items from others"
            f" best, at AUC {said(auc)}."
        )
    if has_interval(auc) and auc.low <= 0.5:
        return [first, NO_BETTER_THAN_CHANCE]
    return [first]


class Named(Protocol):
    """A judge as pages call it."""

    @property
    def name(self) -> str: ...
    @property
    def prompt(self) -> str | None: ...
    @property
    def condition_name(self) -> str | None: ...


def called(judge: Named) -> str:
    """A judge's name with its prompt and condition, where it has them."""
    details = [f"prompt {judge.prompt}"] if judge.prompt else []
    details += [f"under {judge.condition_name}"] if judge.condition_name else []
    return f"{judge.name} ({', '.join(details)})" if details else judge.name


def _best(judges: Sequence[JudgeAgreement], measure: str) -> JudgeAgreement | None:
    defined = [judge for judge in judges if isfinite(getattr(judge.agreement, measure).value)]
    return max(defined, key=lambda judge: getattr(judge.agreement, measure).value, default=None)


def _items_have(n: int) -> str:
    return "One item has" if n == 1 else f"{n:,} items have"
