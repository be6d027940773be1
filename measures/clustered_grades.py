"""κ and mean absolute error of grades when an item was graded several times: intervals over items."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from measures.bootstrap import LEVEL
from measures.budget import influences
from measures.error import mae
from measures.estimates import UNDEFINED, Estimate
from measures.kappa import kappa_quadratic
from measures.tables import Floats, grade_values


def kappa_and_mae(
    items: ArrayLike, references: ArrayLike, grades: ArrayLike, *, values: ArrayLike
) -> tuple[Estimate, Estimate]:
    """Quadratic κ and the mean absolute error in grade values of M grades beside people's.

    `items` (M,) say which grades are of one item, `references` and `grades` (M,) are positions on the scale
    of `values` (K,). Either is, to first order, a mean over grades of an influence (of κ: Fleiss, Cohen &
    Everitt 1969; see `measures.budget.influences`), so the interval over G items is value ±
    t √(G/(G − 1) Σ_items (Σ influence / M)²), G − 1 degrees of freedom, within what the measure can be.
    UNDEFINED without grades.
    """
    item, people, given = (np.asarray(each, dtype=np.int64) for each in (items, references, grades))
    scale = grade_values(values)
    if not item.size:
        return UNDEFINED, UNDEFINED
    n_grades = len(scale)
    table = np.bincount(people * n_grades + given, minlength=n_grades**2).reshape(n_grades, n_grades)
    places = np.arange(n_grades, dtype=np.float64)
    errors = np.abs(scale[None, :] - scale[:, None])
    _, place = np.unique(item, return_inverse=True)
    around = partial(_around, place=place, people=people, given=given)
    of_kappa, of_error = (_value(measure, table, scale) for measure in (kappa_quadratic, mae))
    weights = (places[:, None] - places[None, :]) ** 2
    return (
        around(of_kappa, influences(table, weights=weights), bounds=(-1.0, 1.0)),
        around(of_error, errors - of_error, bounds=(0.0, float(scale[-1] - scale[0]))),
    )


def _value(measure: Callable[..., Floats], table: ArrayLike, scale: Floats) -> float:
    return float(measure(np.asarray(table), scale))


def _around(
    value: float,
    influence: Floats,
    *,
    place: ArrayLike,
    people: ArrayLike,
    given: ArrayLike,
    bounds: tuple[float, float],
) -> Estimate:
    if np.isnan(value):
        return UNDEFINED
    moved = influence[np.asarray(people), np.asarray(given)]
    by_item = np.bincount(np.asarray(place), weights=moved) / moved.size
    n = by_item.size
    if n < 2:
        return Estimate(value, float("nan"), float("nan"))
    reach = float(stdtrit(n - 1, (1 + LEVEL) / 2) * np.sqrt(n / (n - 1) * (by_item**2).sum()))
    return Estimate(value, max(bounds[0], value - reach), min(bounds[1], value + reach))
