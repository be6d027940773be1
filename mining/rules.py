"""Rules as data: from judges' scores on a pool and its positives to what each candidate is for training.

Everything is an array over pairs (query, candidate); nothing here knows where they come from. With s⁺ the
smallest score of a query's positives, a candidate is flagged as a likely false negative where its score s
lies above the query's cut:

    difference   s > s⁺ − β                 (UniME-V2: β = 0.01 on P(yes))
    share        s > s⁺ − share · |s⁺|      (NV-Retriever's percentage of the positive, for any sign)
    fixed        s > cut                    (the same cut for all queries; needs no positive)

Scores within `band` of the cut are ambiguous. A verdict whose label mass is under `mass_floor` counts as
none. A query whose smallest positive scores under `gate` is doubted: nothing is said of its candidates before
people have looked. What people have graded is never overruled by a judge.
"""

from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mining.grouped import Floats, Ints, share_no_higher

Bools = NDArray[np.bool_]


class RuleRefused(ValueError):
    """A rule that says nothing; one sentence says what to change."""


class Margin(StrEnum):
    """From where the cut is measured."""

    DIFFERENCE = "difference"
    SHARE = "share"
    FIXED = "fixed"


class Flagged(StrEnum):
    """What becomes of a flagged candidate that nobody has looked at further."""

    ASIDE = "aside"  # ambiguous, left out of training
    RELABEL = "relabel"  # a positive on the judge's word


class State(StrEnum):
    """What a pooled candidate is for training. Unjudged is never the same as not relevant."""

    POSITIVE = "positive"
    RELABELLED = "relabelled_positive"
    AMBIGUOUS = "ambiguous"
    HARD = "hard_negative"
    RANDOM = "random_negative"
    UNJUDGED = "unjudged"


class Reason(IntEnum):
    """Why a candidate has its state; each reason belongs to one state."""

    POSITIVE = 0  # people say so, before mining
    PEOPLE_POSITIVE = 1  # people say so of a mined one
    CONFIRMED = 2  # flagged, and the second judge says so too
    RELABELLED = 3  # flagged, and the rule takes the judge's word
    FLAGGED = 4  # above the cut; waits for a second judge or people
    BAND = 5  # too near to the cut
    DOUBTED = 6  # the judge doubts the query's own positive
    NO_CUT = 7  # the query has no scored positive to measure from
    HARD = 8
    EASY = 9  # under the floor for hard ones
    CLEARED = 10  # flagged, and the second judge says no
    PEOPLE_NEGATIVE = 11
    RANDOM = 12  # drawn by chance and under the cut
    UNJUDGED = 13  # no score: not judged, abstained, unreadable or failed
    LOW_MASS = 14  # the judge hardly put its mind on the labels
    PEOPLE_RANDOM = 15  # drawn by chance, and people say that it is not relevant


STATE_OF = {
    Reason.PEOPLE_RANDOM: State.RANDOM,
    Reason.POSITIVE: State.POSITIVE,
    Reason.PEOPLE_POSITIVE: State.RELABELLED,
    Reason.CONFIRMED: State.RELABELLED,
    Reason.RELABELLED: State.RELABELLED,
    Reason.FLAGGED: State.AMBIGUOUS,
    Reason.BAND: State.AMBIGUOUS,
    Reason.DOUBTED: State.AMBIGUOUS,
    Reason.NO_CUT: State.AMBIGUOUS,
    Reason.HARD: State.HARD,
    Reason.EASY: State.HARD,
    Reason.CLEARED: State.HARD,
    Reason.PEOPLE_NEGATIVE: State.HARD,
    Reason.RANDOM: State.RANDOM,
    Reason.UNJUDGED: State.UNJUDGED,
    Reason.LOW_MASS: State.UNJUDGED,
}


class Status(IntEnum):
    """What a query's cut rests on."""

    READY = 0
    NO_POSITIVE = 1
    UNSCORED = 2  # it has positives, and none has a score
    DOUBTED = 3


class Rule(NamedTuple):
    """One rule; `floor` is what a hard negative scores at least, as a score or as a share of its query."""

    margin: Margin = Margin.DIFFERENCE
    amount: float = 0.01
    band: float = 0.0
    mass_floor: float = 0.0
    gate: float | None = None
    floor: float | None = None
    floor_is_share: bool = False
    flagged: Flagged = Flagged.ASIDE

    def as_json(self) -> dict[str, Any]:
        """The rule as plain data; `rule_of` reads it back."""
        return {**self._asdict(), "margin": str(self.margin), "flagged": str(self.flagged)}


class Pairs(NamedTuple):
    """A pool with its positives, N pairs sorted by query, and what one judge (or two) and people say."""

    queries: Ints  # (N,) positions 0…Q−1, ascending
    is_positive: Bools  # (N,) known positives: what the cut is measured from
    is_random: Bools  # (N,) found by chance alone
    people: NDArray[np.int8]  # (N,) 1 relevant, 0 not, −1 not graded by people
    scores: Floats  # (N,) NaN where the judge gave none
    masses: Floats  # (N,) NaN where the scoring has none
    second: Floats | None = None  # (N,) the second judge's, over what the first one flagged
    second_masses: Floats | None = None

    @property
    def n_queries(self) -> int:
        return int(self.queries[-1]) + 1 if self.queries.size else 0


class Decided(NamedTuple):
    """What a rule makes of the pairs."""

    reasons: NDArray[np.int8]  # (N,)
    cuts: Floats  # (Q,) NaN where there is none
    weakest: Floats  # (Q,) s⁺: the smallest score of a positive, NaN where none is scored
    statuses: NDArray[np.int8]  # (Q,)


def rule_of(stored: dict[str, Any]) -> Rule:
    """The rule that this data describes. Raises RuleRefused."""
    if unknown := set(stored) - set(Rule._fields):
        raise RuleRefused(f"A rule has no part called {', '.join(sorted(unknown))}.")
    try:
        rule = Rule(**stored)
        rule = rule._replace(margin=Margin(rule.margin), flagged=Flagged(rule.flagged))
    except ValueError as problem:
        raise RuleRefused(f"{problem}: a margin is one of {', '.join(Margin)}.") from problem
    numbers = [rule.amount, rule.band, rule.mass_floor, rule.gate, rule.floor]
    if any(number is not None and not np.isfinite(number) for number in numbers):
        raise RuleRefused("Every number of a rule is finite.")
    if rule.band < 0:
        raise RuleRefused("The ambiguous band is a width: zero or more.")
    if not 0 <= rule.mass_floor <= 1:
        raise RuleRefused("The floor for label mass lies between 0 and 1.")
    if rule.floor is not None and rule.floor_is_share and not 0 <= rule.floor <= 1:
        raise RuleRefused("A floor as a share of the query's candidates lies between 0 and 1.")
    return rule


def decide(pairs: Pairs, rule: Rule, *, second: Rule | None = None) -> Decided:
    """The reason of each pair, and each query's cut and status.

    `second` is the rule for the second judge's scores (the same rule where None): it measures from the second
    judge's own scores of the positives. ValueError where the pairs are not sorted by query.
    """
    if np.any(np.diff(pairs.queries) < 0):
        raise ValueError("Pairs must be sorted by query.")
    n = pairs.queries.size
    scores, low = _trusted(pairs.scores, pairs.masses, rule)
    weakest, statuses = _weakest(pairs, scores, rule)
    cuts = _cuts(weakest, rule)
    cut = cuts[pairs.queries]
    reasons = np.full(n, Reason.HARD, dtype=np.int8)

    if rule.floor is not None:
        value = _ranks(pairs, scores) if rule.floor_is_share else scores
        reasons[value < rule.floor] = Reason.EASY
    reasons[pairs.is_random] = Reason.RANDOM
    over, near = scores > cut, _near(scores, cut, rule)
    reasons[over] = Reason.RELABELLED if rule.flagged is Flagged.RELABEL else Reason.FLAGGED
    reasons[near] = Reason.BAND
    if pairs.second is not None:
        _ask_second(reasons, over | near, pairs, second or rule)
    reasons[np.isnan(cut)] = Reason.NO_CUT
    reasons[(statuses == Status.DOUBTED)[pairs.queries]] = Reason.DOUBTED
    reasons[np.isnan(scores)] = Reason.UNJUDGED
    reasons[low] = Reason.LOW_MASS
    refused = (pairs.people == 0) & ~pairs.is_positive
    reasons[refused] = Reason.PEOPLE_NEGATIVE
    reasons[refused & pairs.is_random] = Reason.PEOPLE_RANDOM
    reasons[pairs.people == 1] = Reason.PEOPLE_POSITIVE
    reasons[pairs.is_positive] = Reason.POSITIVE
    return Decided(reasons, cuts, weakest, statuses)


def _trusted(scores: Floats, masses: Floats, rule: Rule) -> tuple[Floats, Bools]:
    """The scores (N,), NaN where label mass is under the floor, and which those are."""
    low = (masses < rule.mass_floor) & ~np.isnan(scores)
    return np.where(low, np.nan, scores), low


def _weakest(pairs: Pairs, scores: Floats, rule: Rule) -> tuple[Floats, NDArray[np.int8]]:
    """s⁺ of each query (Q,), and what it rests on (Q,)."""
    n_queries = pairs.n_queries
    of = pairs.queries[pairs.is_positive]
    n_positive = np.bincount(of, minlength=n_queries)
    weakest = np.full(n_queries, np.inf)
    scored = ~np.isnan(scores[pairs.is_positive])
    np.minimum.at(weakest, of[scored], scores[pairs.is_positive][scored])
    n_scored = np.bincount(of[scored], minlength=n_queries)
    weakest[n_scored == 0] = np.nan
    statuses = np.full(n_queries, Status.READY, dtype=np.int8)
    statuses[n_scored == 0] = Status.UNSCORED
    statuses[n_positive == 0] = Status.NO_POSITIVE
    if rule.gate is not None:
        statuses[weakest < rule.gate] = Status.DOUBTED
    return weakest, statuses


def _cuts(weakest: Floats, rule: Rule) -> Floats:
    """The cut of each query (Q,)."""
    if rule.margin is Margin.FIXED:
        return np.full(weakest.size, rule.amount)
    if rule.margin is Margin.SHARE:
        finite = np.where(np.isinf(weakest), 0.0, weakest)
        return weakest - np.abs(finite) * rule.amount
    return weakest - rule.amount


def _ask_second(reasons: NDArray[np.int8], flagged: Bools, pairs: Pairs, rule: Rule) -> None:
    """Where the second judge scored a flagged candidate, its word counts; where not, it stays as it was."""
    assert pairs.second is not None
    masses = np.full(pairs.queries.size, np.nan) if pairs.second_masses is None else pairs.second_masses
    scores, _ = _trusted(pairs.second, masses, rule)
    weakest, statuses = _weakest(pairs, scores, rule)
    cut = _cuts(weakest, rule)[pairs.queries]
    cut[(statuses == Status.DOUBTED)[pairs.queries]] = np.nan
    heard = flagged & ~np.isnan(scores) & ~np.isnan(cut)
    cleared = heard & ~(scores > cut)
    reasons[heard & ~cleared] = Reason.CONFIRMED
    reasons[cleared] = Reason.CLEARED
    reasons[cleared & pairs.is_random] = Reason.RANDOM
    reasons[heard & _near(scores, cut, rule)] = Reason.BAND


def _near(scores: Floats, cut: Floats, rule: Rule) -> Bools:
    """Which scores (N,) lie within the band around their query's cut."""
    if not rule.band:
        return np.zeros(scores.size, dtype=bool)
    with np.errstate(invalid="ignore"):  # two equal infinities
        return np.asarray(np.abs(scores - cut) <= rule.band)


def _ranks(pairs: Pairs, scores: Floats) -> Floats:
    """The share of the query's scored, pooled candidates that score no higher (N,), NaN where unscored."""
    scored = np.flatnonzero(~np.isnan(scores) & ~pairs.is_positive)
    found = np.full(pairs.queries.size, np.nan)
    found[scored] = share_no_higher(pairs.queries[scored], scores[scored])
    return found
