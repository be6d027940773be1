"""The label budget in sentences made by rule."""

from math import isfinite

from measures.estimates import Estimate
from reports.budgeting import Budget
from reports.showing import has_interval


def say_budget(name: str, budget: Budget) -> list[str]:
    """How wide κ's interval is, what would make it narrower, and what the judge saves."""
    sentences = []
    half = budget.half_width
    if not isfinite(half):
        sentences.append(f"There are too few labels beside {name} to say how many are enough.")
    else:
        sentences.append(
            f"κ of {name} is known to ±{half:.3f} from {budget.spread.n:,} labels in"
            f" {budget.spread.n_queries:,} queries."
        )
        sentences += _say_need(budget)
    return [*sentences, *_say_saving(budget)]


def _say_need(budget: Budget) -> list[str]:
    if budget.half_width <= budget.target:
        return [f"That is within ±{budget.target:g} already."]
    new, same = budget.need
    first = f"±{budget.target:g} takes about {new:,} labels in all when they come from new queries"
    if same is None:
        return [f"{first}; more labels in the same queries never get there, as queries differ too much."]
    return [f"{first}, about {same:,} in the same queries."]


def _say_saving(budget: Budget) -> list[str]:
    of = budget.relevant
    if not (has_interval(of.powered) and has_interval(of.people_only)) or of.n_graded == of.n_items:
        return []
    ratio = _width(of.powered) / _width(of.people_only) if _width(of.people_only) else 1.0
    if ratio >= 0.98:
        return ["Its verdicts on the other items do not narrow what people's labels say of the whole."]
    return [
        f"With its verdicts, the share of relevant items is known {1 - ratio:.0%} more narrowly than from"
        f" people alone: as if people had labelled {1 / ratio**2:.1f} times as many."
    ]


def _width(estimate: Estimate) -> float:
    return estimate.high - estimate.low
