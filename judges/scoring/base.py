"""What every scoring takes and gives: items and a scale in, one answer an item out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from judges.engines.base import Engine, ItemFault

if TYPE_CHECKING:
    from judges.prompting import PromptTemplate

TOO_LONG = ("cut", "refuse")
Outcome = Literal["graded", "scored", "abstained", "unreadable", "out_of_range", "empty", "refused", "error"]


class JudgedItem(NamedTuple):
    """The texts of one item as a judge is shown them; what is not known is an empty string."""

    item_id: int
    query: str
    need: str
    title: str
    candidate: str
    query_id: int = 0
    rival_title: str = ""  # of a pair: the other candidate
    rival: str = ""
    reference: str = ""  # an answer that is known to be right
    context: str = ""  # what is known beside the candidate, such as a bridge passage
    listed: str = ""  # several candidates, numbered
    may_be_blank: bool = False  # a variant: what a judge makes of a blank text is the question


class Criterion(NamedTuple):
    """One of several things that are graded at once: (value, name, meaning) of its grades by rising value."""

    name: str
    meaning: str
    grades: tuple[tuple[int, str, str], ...]

    @property
    def values(self) -> tuple[int, ...]:
        """The grades' values, rising."""
        return tuple(value for value, _, _ in self.grades)


class Scale(NamedTuple):
    """A rubric as plain values: (value, name, meaning) by rising value, and the cut for "relevant"."""

    grades: tuple[tuple[int, str, str], ...]
    cut: int
    may_abstain: bool
    criteria: tuple[Criterion, ...] = ()  # all of them, the first in front; none for a single scale
    compares: bool = False  # the grades of a preference: 2 for the first candidate, 0 for its rival, 1 a tie

    @property
    def values(self) -> tuple[int, ...]:
        """The grades' values, rising."""
        return tuple(value for value, _, _ in self.grades)


class Answer(NamedTuple):
    """One verdict before it is stored. A grade comes with "graded" only, a score also with "scored"."""

    outcome: Outcome
    grade: int | None = None
    score: float | None = None
    probs: dict[str, float] | None = None  # over the labels asked for, adding up to 1
    label_mass: float | None = None  # what those labels had before that, of the whole vocabulary
    log_odds: float | None = None
    marks: tuple[int, ...] | None = None  # grades of the criteria behind the first
    raw: str = ""
    reason: str = ""  # why there is no grade, or what to know about the one there is
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    latency_ms: int = 0


class ScoringProblem(ValueError):
    """A judge is put together wrongly: a sentence about an option, the prompt's reply or the scale."""


class Scoring(Protocol):
    """A way to read grades or scores off an engine. Options left out take the values in `defaults`."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> Literal["label_logprobs", "continuation_logprobs", "generate"]:
        """The call an engine must answer."""
        ...

    @property
    def whole_queries(self) -> bool:
        """Whether a query's candidates have to be asked about together."""
        ...

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The options there are, with their values where a judge states none."""
        ...

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """The labels the model chooses from (what a probe should look at); none where it writes freely."""
        ...

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """Raise ScoringProblem where prompt, scale and options do not go together; asks no engine."""
        ...

    def score(
        self,
        items: Sequence[JudgedItem],
        *,
        engine: Engine,
        prompt: PromptTemplate,
        scale: Scale,
        options: Mapping[str, Any],
    ) -> list[Answer]:
        """One answer an item, in the items' order. Raises what the engine raises, and ScoringProblem."""
        ...


def answer_fault(fault: ItemFault) -> Answer:
    """The answer for an item that the engine could not answer."""
    return Answer(fault.outcome, reason=fault.reason)


def read_options(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The options with defaults filled in; ScoringProblem names an unknown one."""
    if unknown := set(options) - set(defaults):
        known = ", ".join(defaults) or "none"
        raise ScoringProblem(f"unknown option {', '.join(sorted(unknown))}; this scoring knows {known}")
    return {**defaults, **{name: value for name, value in options.items() if value is not None}}


def read_too_long(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """What is done with an item too long for the model: "cut" its candidate at the end, or "refuse" it."""
    value = read_options(options, defaults)["too_long"]
    if value not in TOO_LONG:
        raise ScoringProblem(f"too_long is {' or '.join(TOO_LONG)}, not {value!r}")
    return str(value)


def read_mass_floor(value: Any) -> float:
    """The floor as a share of the probability, 0 ≤ floor < 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ScoringProblem(f"mass_floor is a share from 0 to under 1, not {value!r}")
    return float(value)
