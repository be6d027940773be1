"""The scoreboard: one row a judge, κ with its interval on an axis that all rows share."""

from collections.abc import Collection, Sequence
from math import ceil, floor, isfinite
from typing import NamedTuple

from measures.estimates import Estimate
from reports.agreement import JudgeAgreement
from reports.ceiling import Ceiling
from reports.measure_words import KAPPA, MEASURE_WORDS, MeasureWords
from reports.picking import best_judge
from reports.showing import has_interval

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
    kappa: Estimate
    mark: Mark | None
    standing: str  # "best", "alike" (not told apart from the best) or ""
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
    judges: Sequence[JudgeAgreement],
    people: Ceiling | None,
    *,
    sort: str = DEFAULT_SORT,
    measures: Sequence[MeasureWords] = MEASURE_WORDS[1:],
    alike: Collection[str] = (),
) -> Scoreboard:
    """Rows in the order asked for: a column's key puts its best first, with a minus in front its worst.

    A key that is no column counts as "kappa". Undefined figures stand last either way. `measures` are those
    beside κ, `alike` the keys of judges that are not told apart from the best.
    """
    by_key = {words.key: words for words in (KAPPA, *measures)}
    key, worst_first = sort.removeprefix("-"), sort.startswith("-")
    if key not in {SORT_BY_NAME, "n_graded", *by_key}:
        key, worst_first = DEFAULT_SORT, False
    axis = _axis(judges, people)
    best = best_judge(judges)
    if best and best.agreement.kappa.value <= 0:
        best = None
    shown = [words for words in measures if any(_is_defined(judge, words.key) for judge in judges)]
    rows = [
        Row(
            judge,
            judge.estimate("kappa"),
            axis.mark(judge.estimate("kappa")),
            _standing(judge, best, alike),
            [Cell(words, judge.estimate(words.key)) for words in shown],
        )
        for judge in _sorted(judges, key, by_key.get(key), worst_first=worst_first)
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
    estimates = [judge.estimate("kappa") for judge in judges] + ([people.agreement.kappa] if people else [])
    numbers = [number for estimate in estimates for number in estimate if isfinite(number)]
    low, high = min([0.0, *numbers]), max([0.2, *numbers])
    step = next((step for step in STEPS if (high - low) / step <= MOST_TICKS), STEPS[-1])
    return Axis(floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, step)


def _is_defined(judge: JudgeAgreement, measure: str) -> bool:
    return isfinite(judge.estimate(measure).value)


def _standing(judge: JudgeAgreement, best: JudgeAgreement | None, alike: Collection[str]) -> str:
    if best is None:
        return ""
    if judge is best:
        return "best"
    return "alike" if judge.key in alike else ""


def _sorted(
    judges: Sequence[JudgeAgreement], key: str, words: MeasureWords | None, *, worst_first: bool
) -> list[JudgeAgreement]:
    if key == SORT_BY_NAME:
        return list(reversed(judges)) if worst_first else list(judges)
    goodness = {id(judge): _goodness(judge, words) for judge in judges}
    defined = [judge for judge in judges if isfinite(goodness[id(judge)])]
    undefined = [judge for judge in judges if not isfinite(goodness[id(judge)])]
    return sorted(defined, key=lambda judge: goodness[id(judge)], reverse=not worst_first) + undefined


def _goodness(judge: JudgeAgreement, words: MeasureWords | None) -> float:
    if words is None:
        return float(judge.agreement.n_graded)
    value = float(judge.estimate(words.key).value)
    if words.zero_is_best:
        return -abs(value)
    return -value if words.lower_is_better else value


def _column(key: str, sorted_by: str, *, worst_first: bool, words: MeasureWords | None = None) -> Column:
    if key != sorted_by:
        return Column(key, "", key, words)
    small_is_good = key == SORT_BY_NAME or (words is not None and words.lower_is_better)
    direction = "ascending" if small_is_good != worst_first else "descending"
    return Column(key, direction, key if worst_first else f"-{key}", words)
