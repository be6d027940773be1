"""Judges under attacks as a table of one figure: who is bent most stands first."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from measures.estimates import UNDEFINED, Estimate
from reports.robustness.attacks import Attack, JudgeRobustness
from reports.robustness.families import place_of
from reports.robustness.words import BY_KEY, FigureWords, figure_of, floor_of, worst_of


class Column(NamedTuple):
    """An attack on a carrier, as it heads a column."""

    carrier: str
    attack: str
    family: str  # "" for a clean control

    @property
    def what(self) -> str:
        return self.attack.replace("_", " ") if self.family else "clean"

    @property
    def short(self) -> str:
        """In a chart: “query words, random”."""
        return f"{self.what}, {self.carrier}"


class Row(NamedTuple):
    judge: JudgeRobustness
    worst: Attack | None
    worst_estimate: Estimate
    mean: Estimate
    floor: Estimate
    cells: list[Attack | None]  # in the order of the columns


class AttackTable(NamedTuple):
    figure: FigureWords
    columns: list[Column]
    rows: list[Row]
    has_floor: bool

    @property
    def n_items(self) -> int:
        """Verdicts behind the table."""
        found = (each for row in self.rows for each in row.cells if each)
        return sum(getattr(each.figures, self.figure.n) for each in found)


def attack_table(judges: Sequence[JudgeRobustness], figure: FigureWords) -> AttackTable:
    """The judges with this figure, those with the worst attack first; columns without any figure left out."""
    cells = {
        (judge.key, *each[:2]): each
        for judge in judges
        for each in judge.attacks
        if isfinite(figure_of(each, figure.key).value)
    }
    columns = sorted({Column(*key[1:], each.family) for key, each in cells.items()}, key=_place)
    rows = [_row(judge, columns, cells, figure) for judge in judges]
    rows = sorted((row for row in rows if any(row.cells)), key=_badness)
    return AttackTable(figure, columns, rows, any(isfinite(row.floor.value) for row in rows))


def usual_figure(judges: Sequence[JudgeRobustness]) -> FigureWords:
    """What a page shows unless another is asked for: attack success where every attack has one, else MAE;
    without human grades flips."""
    attacks = [each for judge in judges for each in judge.attacks if each.family]
    for key in ("attack_success", "mae"):
        found = [isfinite(figure_of(each, key).value) for each in attacks]
        if all(found) if key == "attack_success" else any(found):
            return BY_KEY[key]
    return BY_KEY["flips"]


def _row(judge: JudgeRobustness, columns: Sequence[Column], cells: dict, figure: FigureWords) -> Row:
    worst = worst_of(judge.attacks, figure.key)
    return Row(
        judge,
        worst,
        figure_of(worst, figure.key) if worst else UNDEFINED,
        judge.means.get(figure.key, UNDEFINED),
        floor_of(judge, figure),
        [cells.get((judge.key, *column[:2])) for column in columns],
    )


def _place(column: Column) -> tuple:
    """Clean controls first, then families in their order."""
    return place_of(column.family) if column.family else -1, column.attack, column.carrier


def _badness(row: Row) -> tuple:
    value = row.worst_estimate.value
    return (not isfinite(value), -abs(value) if isfinite(value) else 0.0)
