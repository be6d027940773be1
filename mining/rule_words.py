"""Rules, reasons and samplings in words."""

from corpus.how_many import how_many
from mining.rules import Flagged, Margin, Reason, Rule, State, Status
from mining.sampling import Sampling, Way

REASONS = {
    Reason.POSITIVE: "graded relevant by people",
    Reason.PEOPLE_POSITIVE: "mined, then graded relevant by people",
    Reason.CONFIRMED: "flagged, and the second judge agrees",
    Reason.RELABELLED: "flagged, and taken as relevant",
    Reason.FLAGGED: "above the cut: likely false negatives",
    Reason.BAND: "too near to the cut",
    Reason.DOUBTED: "of queries whose own positive the judge doubts",
    Reason.NO_CUT: "of queries without a scored positive",
    Reason.HARD: "under the cut",
    Reason.EASY: "under the floor: too easy",
    Reason.CLEARED: "flagged, and the second judge says no",
    Reason.PEOPLE_NEGATIVE: "graded not relevant by people",
    Reason.RANDOM: "drawn by chance, under the cut",
    Reason.UNJUDGED: "without a score",
    Reason.LOW_MASS: "with too little label mass",
    Reason.PEOPLE_RANDOM: "drawn by chance, graded not relevant by people",
}
STATUSES = {
    Status.READY: "with a cut",
    Status.NO_POSITIVE: "without a positive",
    Status.UNSCORED: "with a positive that has no score",
    Status.DOUBTED: "with a positive under the gate",
}
STATE_NAMES = {
    State.POSITIVE: "Positive",
    State.RELABELLED: "Relabelled positive",
    State.AMBIGUOUS: "Ambiguous",
    State.HARD: "Hard negative",
    State.RANDOM: "Random negative",
    State.UNJUDGED: "Unjudged",
}


def rule_formula(rule: Rule) -> str:
    """The condition under which a candidate is flagged."""
    amount = f"{rule.amount:g}".replace("-", "−")
    if rule.margin is Margin.FIXED:
        return f"s > {amount}"
    if rule.margin is Margin.SHARE:
        return f"s > s⁺ − {amount} · |s⁺|"
    return f"s > s⁺ − {amount}"


def say_rule(rule: Rule) -> str:
    """The whole rule in one sentence."""
    said = [f"Flagged where {rule_formula(rule)}"]
    if rule.flagged is Flagged.RELABEL:
        said[0] += ", and taken as a positive"
    if rule.band:
        said.append(f"ambiguous within {rule.band:g} of the cut")
    if rule.mass_floor:
        said.append(f"unjudged under a label mass of {rule.mass_floor:g}")
    if rule.gate is not None:
        said.append(f"queries whose positive scores under {rule.gate:g} go to people")
    if rule.floor is not None:
        at = f"the lowest {rule.floor:.0%} of the query" if rule.floor_is_share else f"{rule.floor:g}"
        said.append(f"easy under {at}")
    return "; ".join(said) + "."


def say_sampling(sampling: Sampling) -> str:
    """What is taken of each query."""
    ways = {
        Way.STRIDE: f"every {_ordinal(sampling.step)} by falling score, in turns",
        Way.TOP: "the highest-scored",
        Way.RANDOM: "by chance",
        Way.DIVERSE: f"high-scored and unlike each other (trade {sampling.trade:g})",
    }
    chance = f", and {sampling.n_random} found by chance" if sampling.n_random else ""
    taken = how_many(sampling.k, "negative")
    return f"{taken} of each query, {ways[sampling.way]}{chance}; seed {sampling.seed}."


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
