"""Which judge a page is about: the one in the address, or else the best."""

from collections.abc import Sequence
from math import isfinite

from reports.agreement import JudgeAgreement
from reports.runs import JudgeRuns


def pick_judge(judges: Sequence[JudgeAgreement], wanted: str) -> JudgeAgreement | None:
    """The judge with this key; without one the best by κ, or else the first. None without judges."""
    found = next((each for each in judges if each.key == wanted), None)
    return found or best_judge(judges) or (judges[0] if judges else None)


def best_judge(judges: Sequence[JudgeAgreement]) -> JudgeAgreement | None:
    """The judge with the highest κ."""
    defined = [each for each in judges if isfinite(each.agreement.kappa.value)]
    return max(defined, key=lambda each: each.agreement.kappa.value, default=None)


def runs_of(found: JudgeAgreement, complete: Sequence[JudgeRuns]) -> JudgeRuns:
    """Its runs among all complete ones."""
    return next(each for each in complete if each.ids == found.run_ids)
