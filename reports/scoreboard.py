"""The scoreboard: one row a judge, κ with its interval on an axis that all rows share."""

from collections.abc import Sequence
from math import ceil, floor, isfinite
from typing import NamedTuple

from measures.estimates import Estimate
from reports.agreement import JudgeAgreement
from reports.ceiling import Ceiling
from reports.measure_words import BY_KEY, MEASURE_WORDS, MeasureWords
from reports.showing import has_interval
from reports.words import overlaps

WIDTH = 240  # of the drawing, in its own units
MARGIN = 14
STEPS = (0.05, 0.1, 0.2, 0.25, 0.5)
MOST_TICKS = 6
SORT_BY_NAME = "judge"
DEFAULT_SORT = "kappa"


class Tick(NamedTuple):
    x: float
    value: float

    @property
    def words(self) -> str:
        return f"{self.value:g}".replace("-", "−")


class Mark(NamedTuple):
    """An estimate on the axis; without an interval, `low` and `high` are None."""

    x: float
    low: float | None
    high: float | None

    @property
    def width(self) -> float:
        return 0.0 if self.low is None or self.high is None else round(self.high - self.low, 1)


class Axis(NamedTuple):
    start: float
    end: float
    step: float

    def x(self, value: float) -> float:
        return round(MARGIN + (value - self.start) / (self.end - self.start) * (WIDTH - 2 * MARGIN), 1)

    @property
    def ticks(self) -> list[Tick]:
        n = round((self.end - self.start) / self.step)
        values = [round(self.start + i * self.step, 2) for i in range(n + 1)]
        return [Tick(self.x(value), value) for value in values]

    @property
    def zero(self) -> float:
        return self.x(0.0)

    def mark(self, estimate: Estimate) -> Mark | None:
        if not isfinite(estimate.value):
            return None
        if not has_interval(estimate):
            return Mark(self.x(estimate.value), None, None)
        return Mark(self.x(estimate.value), self.x(estimate.low), self.x(estimate.high))


class Cell(NamedTuple):
    words: MeasureWords
    estimate: Estimate


class Row(NamedTuple):
    judge: JudgeAgreement
    mark: Mark | None
    standing: str  # "best", "overlaps" or ""
    cells: list[Cell]  # the measures beside κ


class Column(NamedTuple):
    key: str  # what ?sort= takes
    direction: str  # "ascending" or "descending" where the rows are in its order, else ""
    sort: str  # the ?sort= that a click on its head leads to
    words: MeasureWords | None = None


class Scoreboard(NamedTuple):
    rows: list[Row]
    axis: Axis
    ceiling: Mark | None
    columns: dict[str, Column]  # judge, n_graded, kappa
    measures: list[Column]  # those beside κ that are defined for some judge

    def in_brief(self, n_rows: int) -> "Scoreboard":
        """The first rows, with κ alone."""
        return self._replace(rows=[row._replace(cells=[]) for row in self.rows[:n_rows]], measures=[])


def scoreboard(
    judges: Sequence[JudgeAgreement], people: Ceiling | None, *, sort: str = DEFAULT_SORT
) -> Scoreboard:
    """Rows in the order asked for: a column's key puts its best first, with a minus in front its worst.

    A key that is no column counts as "kappa". Undefined figures stand last either way.
    """
    key, worst_first = sort.removeprefix("-"), sort.startswith("-")
    if key not in {SORT_BY_NAME, "n_graded", *BY_KEY}:
        key, worst_first = DEFAULT_SORT, False
    axis = _axis(judges, people)
    above_chance = (judge for judge in judges if _is_defined(judge, "kappa") and _kappa(judge) > 0)
    best = max(above_chance, key=_kappa, default=None)
    shown = [words for words in MEASURE_WORDS[1:] if any(_is_defined(judge, words.key) for judge in judges)]
    rows = [
        Row(
            judge,
            axis.mark(judge.agreement.kappa),
            _standing(judge, best),
            [Cell(words, getattr(judge.agreement, words.key)) for words in shown],
        )
        for judge in _sorted(judges, key, worst_first=worst_first)
    ]
    keys = (SORT_BY_NAME, "n_graded", "kappa")
    return Scoreboard(
        rows,
        axis,
        axis.mark(people.agreement.kappa) if people else None,
        {each: _column(each, key, worst_first=worst_first) for each in keys},
        [_column(words.key, key, worst_first=worst_first, words=words) for words in shown],
    )


def _axis(judges: Sequence[JudgeAgreement], people: Ceiling | None) -> Axis:
    """From 0, or the lowest bound below it, to the highest bound, in round steps."""
    estimates = [judge.agreement.kappa for judge in judges] + ([people.agreement.kappa] if people else [])
    numbers = [number for estimate in estimates for number in estimate if isfinite(number)]
    low, high = min([0.0, *numbers]), max([0.2, *numbers])
    step = next((step for step in STEPS if (high - low) / step <= MOST_TICKS), STEPS[-1])
    return Axis(floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, step)


def _kappa(judge: JudgeAgreement) -> float:
    return judge.agreement.kappa.value


def _is_defined(judge: JudgeAgreement, measure: str) -> bool:
    return isfinite(getattr(judge.agreement, measure).value)


def _standing(judge: JudgeAgreement, best: JudgeAgreement | None) -> str:
    if best is None:
        return ""
    if judge is best:
        return "best"
    return "overlaps" if overlaps(judge.agreement.kappa, best.agreement.kappa) else ""


def _sorted(judges: Sequence[JudgeAgreement], key: str, *, worst_first: bool) -> list[JudgeAgreement]:
    if key == SORT_BY_NAME:
        return list(reversed(judges)) if worst_first else list(judges)
    goodness = {id(judge): _goodness(judge, key) for judge in judges}
    defined = [judge for judge in judges if isfinite(goodness[id(judge)])]
    undefined = [judge for judge in judges if not isfinite(goodness[id(judge)])]
    return sorted(defined, key=lambda judge: goodness[id(judge)], reverse=not worst_first) + undefined


def _goodness(judge: JudgeAgreement, key: str) -> float:
    if key == "n_graded":
        return float(judge.agreement.n_graded)
    value = float(getattr(judge.agreement, key).value)
    return -value if BY_KEY[key].lower_is_better else value


def _column(key: str, sorted_by: str, *, worst_first: bool, words: MeasureWords | None = None) -> Column:
    if key != sorted_by:
        return Column(key, "", key, words)
    small_is_good = key == SORT_BY_NAME or (words is not None and words.lower_is_better)
    direction = "ascending" if small_is_good != worst_first else "descending"
    return Column(key, direction, key if worst_first else f"-{key}", words)
