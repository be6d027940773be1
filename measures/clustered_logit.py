"""Which factor moves the chance of a correct answer: a logistic model, standard errors clustered on item.

correct ~ suffix × framing + family. The answers to one item go together, so items are what was drawn: the fit
takes all answers for independent (independence working correlation; Liang & Zeger 1986), and the sandwich
A⁻¹ (Σ_items s sᵀ) A⁻¹ of information A and the items' scores s makes the standard errors right all the same.

As chances depend on cell and family alone, the fit goes over a table of cells × families, and scores over an
items × cells array: no loop over items.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit, ndtr, ndtri

from measures.bootstrap import LEVEL
from measures.estimates import UNDEFINED, Estimate
from measures.tables import Floats

FRAMINGS = ("neutral", "distraction", "threat")
TERMS = ("suffix", "distraction", "threat", "suffix × distraction", "suffix × threat")

MOST_STEPS = 50
FAR = 20.0
"""Log-odds as far from 0 as this mean that the fit runs away: some part is all right, or all wrong."""


class Effect(NamedTuple):
    """One term of the model. Main effects are means over the levels of the other factor."""

    term: str
    log_odds: Estimate
    z: float
    p: float
    points: Estimate  # average marginal difference of the chance, as a share: −0.2 is 20 points fewer


class Factorial(NamedTuple):
    """The effects of one judge; NaN with a `reason` where they cannot be estimated."""

    effects: tuple[Effect, ...]  # in the order of TERMS, those of framings that were asked
    p_interaction: float  # of all interactions together (Wald)
    n_items: int
    n_left_out: int  # items of families that are all right, or all wrong, in every cell: no log-odds there
    reason: str = ""


class Fit(NamedTuple):
    """Log-odds (P,) of a model without intercept, and their covariance over items (P, P)."""

    values: Floats
    covariance: Floats


class Separated(ValueError):
    """The log-odds have no bound; one sentence says where."""


def factorial(right: ArrayLike, asked: ArrayLike, families: ArrayLike) -> Factorial:
    """The effects of suffix and framing on one judge, from correct answers and answers (6, N) of N items.

    Cells are framing by framing (FRAMINGS), suffix off then on; a framing is left out where one of its two
    cells has no answer. `families` (N,) are small whole numbers, a covariate. A family whose answers are all
    right, or all wrong, in every cell says nothing of log-odds and is left out of them; in points it counts
    as no change.
    """
    k, n = (np.asarray(each, dtype=np.float64) for each in (right, asked))
    family = np.asarray(families, dtype=np.int64)
    framings = [place for place in range(len(FRAMINGS)) if n[2 * place : 2 * place + 2].sum(axis=1).all()]
    if 0 not in framings or not n.any():
        return _without("A cell of the neutral framing has no answers.", n)
    cells = [2 * place + suffix for place in framings for suffix in (0, 1)]
    terms, wanted = _wanted(framings)
    table_k, table_n = (_by_family(each[cells], family) for each in (k, n))
    informative = (table_k.sum(axis=1) > 0) & (table_k.sum(axis=1) < table_n.sum(axis=1))
    has_items = np.bincount(family[n[cells].any(axis=0)], minlength=len(table_n)).astype(np.float64)
    try:
        fit = clustered_logit(
            k[cells][:, informative[family]],
            n[cells][:, informative[family]],
            _dense(family[informative[family]]),
        )
    except Separated as separated:
        return _without(str(separated), n)
    weights = has_items[informative] / has_items.sum()
    chances, slopes = _marginal(fit, n_cells=len(cells), weights=weights)
    odds_wanted = np.hstack([wanted, np.zeros((len(wanted), len(fit.values) - len(cells)))])
    log_odds, errors = odds_wanted @ fit.values, _errors(odds_wanted, fit.covariance)
    points, point_errors = wanted @ chances, _errors(wanted @ slopes, fit.covariance)
    effects = tuple(
        Effect(term, _around(b, e), b / e, float(2 * ndtr(-abs(b / e))), _around(d, de))
        for term, b, e, d, de in zip(terms, log_odds, errors, points, point_errors, strict=True)
    )
    together = odds_wanted[[place for place, term in enumerate(terms) if "×" in term]]
    return Factorial(effects, _wald(together, fit), int(has_items.sum()), int(has_items[~informative].sum()))


def clustered_logit(right: Floats, asked: Floats, families: NDArray[np.int64]) -> Fit:
    """Log-odds of each cell (in the first family) and of each further family against it.

    `right` and `asked` (C, N) of N items, `families` (N,) from 0 without a gap. Newton's method on the table
    of cells × families (iteratively reweighted least squares), sandwich over items. Raises Separated.
    """
    n_cells = len(asked)
    table_k, table_n = _by_family(right, families), _by_family(asked, families)
    _refuse_separated(table_k.sum(axis=0), table_n.sum(axis=0))
    design = _design(n_cells, n_families=len(table_n)).reshape(-1, n_cells + len(table_n) - 1)
    k, n = table_k.ravel(), table_n.ravel()
    values = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        chance = expit(design @ values)
        information = design.T @ (design * (n * chance * (1 - chance))[:, None])
        try:
            step = np.linalg.solve(information, design.T @ (k - n * chance))
        except np.linalg.LinAlgError as error:
            raise Separated(_EVERYWHERE) from error
        values = values + np.clip(step, -3, 3)
        if np.abs(design @ values)[n > 0].max() > FAR:
            raise Separated(_EVERYWHERE)
        if np.abs(step).max() < 1e-10:
            break
    else:
        raise Separated(_EVERYWHERE)
    chance = expit(design @ values)
    bread = np.linalg.inv(design.T @ (design * (n * chance * (1 - chance))[:, None]))
    residuals = right - asked * chance.reshape(len(table_n), n_cells)[families].T  # (C, N)
    of_family = np.zeros((residuals.shape[1], len(table_n)))
    of_family[np.arange(residuals.shape[1]), families] = residuals.sum(axis=0)
    scores = np.hstack([residuals.T, of_family[:, 1:]])  # (N, P)
    return Fit(values, bread @ (scores.T @ scores) @ bread)


_EVERYWHERE = "Right and wrong answers are parted by condition and family, so that log-odds have no bound."


def _refuse_separated(k: Floats, n: Floats) -> None:
    if n.size == 0 or not n.any():
        raise Separated("Every family is all right, or all wrong, under every condition.")
    if (k == 0).any() or (k == n).any():
        raise Separated("All answers of one condition are right, or all wrong: log-odds have no bound.")


def _wanted(framings: list[int]) -> tuple[list[str], Floats]:
    """Names of the terms, and what of the cells (2 a framing) each is made of (T, C)."""
    n = len(framings)
    suffix, level = np.tile([-1.0, 1.0], n), np.repeat(np.arange(n), 2)
    terms, rows = ["suffix"], [suffix / n]
    for place in range(1, n):
        terms.append(FRAMINGS[framings[place]])
        rows.append(((level == place) * 1.0 - (level == 0)) / 2)
    for place in range(1, n):
        terms.append(f"suffix × {FRAMINGS[framings[place]]}")
        rows.append(suffix * ((level == place) * 1.0 - (level == 0)))
    return terms, np.array(rows)


def _design(n_cells: int, *, n_families: int) -> Floats:
    """(F, C, C + F − 1): one column a cell, one a family after the first."""
    design = np.zeros((n_families, n_cells, n_cells + n_families - 1))
    design[:, np.arange(n_cells), np.arange(n_cells)] = 1.0
    for family in range(1, n_families):
        design[family, :, n_cells + family - 1] = 1.0
    return design


def _marginal(fit: Fit, *, n_cells: int, weights: Floats) -> tuple[Floats, Floats]:
    """Chance of each cell (C,), families weighted, and its derivatives by the log-odds (C, P)."""
    design = _design(n_cells, n_families=len(weights))
    chance = expit(design @ fit.values)  # (F, C)
    slopes = np.einsum("f,fc,fcp->cp", weights, chance * (1 - chance), design)
    return weights @ chance, slopes


def _errors(wanted: Floats, covariance: Floats) -> Floats:
    errors: Floats = np.sqrt(np.einsum("tp,pq,tq->t", wanted, covariance, wanted))
    return errors


def _around(value: float, error: float) -> Estimate:
    reach = float(ndtri((1 + LEVEL) / 2)) * float(error)
    return Estimate(float(value), float(value) - reach, float(value) + reach)


def _wald(wanted: Floats, fit: Fit) -> float:
    if not len(wanted):
        return float("nan")
    values, covariance = wanted @ fit.values, wanted @ fit.covariance @ wanted.T
    if np.linalg.matrix_rank(covariance) < len(wanted):
        return float("nan")
    return float(chdtrc(len(wanted), values @ np.linalg.solve(covariance, values)))


def _by_family(of: Floats, families: NDArray[np.int64]) -> Floats:
    """Sums (F, C) of (C, N)."""
    n_families = int(families.max(initial=-1)) + 1
    return np.stack([np.bincount(families, weights=row, minlength=n_families) for row in of], axis=1)


def _dense(families: NDArray[np.int64]) -> NDArray[np.int64]:
    _, dense = np.unique(families, return_inverse=True)
    return np.asarray(dense, dtype=np.int64)


def _without(reason: str, asked: Floats) -> Factorial:
    undefined = float("nan")
    effects = tuple(Effect(term, UNDEFINED, undefined, undefined, UNDEFINED) for term in TERMS)
    return Factorial(effects, undefined, int(asked.any(axis=0).sum()), 0, reason)
