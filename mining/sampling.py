"""Which of a query's negatives are taken: k of each, by one of four ways, always the same for the same seed.

Negatives stand by falling score. `stride` takes every n-th of the list and begins again one further down
until it has k (UniME-V2's cyclical sampling with a five-step interval; Gu et al. 2025): hard ones, but not
k of the same kind. `top` takes the k hardest, `random` any k, `diverse` the next one that is hard and unlike
those taken (maximal marginal relevance; Carbonell & Goldstein 1998). Never more than there are: a query with
fewer gives what it has.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mining.grouped import Floats, Ints, counted, places
from mining.rules import Bools


class SamplingRefused(ValueError):
    """A sampling that makes no sense; one sentence says what to change."""


class Way(StrEnum):
    """How negatives are taken from a query's list."""

    STRIDE = "stride"
    TOP = "top"
    RANDOM = "random"
    DIVERSE = "diverse"


class Sampling(NamedTuple):
    """k negatives of each query, and as many as `n_random` more of those found by chance."""

    way: Way = Way.STRIDE
    k: int = 8
    step: int = 5
    trade: float = 0.7  # of diverse: how much being hard counts against being unlike
    n_random: int = 0
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The sampling as plain data; `sampling_of` reads it back."""
        return {**self._asdict(), "way": str(self.way)}


Vectors = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""Rows of the pairs (n,) to their unit vectors (n, dimensions)."""


def sampling_of(stored: dict[str, Any]) -> Sampling:
    """The sampling that this data describes. Raises SamplingRefused."""
    if unknown := set(stored) - set(Sampling._fields):
        raise SamplingRefused(f"A sampling has no part called {', '.join(sorted(unknown))}.")
    try:
        found = Sampling(**stored)
        found = found._replace(way=Way(found.way))
    except ValueError as problem:
        raise SamplingRefused(f"{problem}: a way is one of {', '.join(Way)}.") from problem
    if found.k < 1 or found.step < 1 or found.n_random < 0:
        raise SamplingRefused("Take at least one negative of each query, in steps of at least one.")
    if found.seed < 0:
        raise SamplingRefused("A seed is zero or more.")
    if not 0 <= found.trade <= 1:
        raise SamplingRefused("The trade between hard and unlike lies between 0 and 1.")
    return found


def pick(
    queries: Ints,
    scores: Floats,
    eligible: Bools,
    is_random: Bools,
    sampling: Sampling,
    *,
    vectors: Vectors | None = None,
) -> Bools:
    """Which of the pairs (N,) are taken.

    `eligible` are the negatives that may be; those found by chance alone are taken beside the others, up to
    `n_random`, at random. NaN scores stand last. Ties stand in the order of the pairs. SamplingRefused for
    diverse without vectors.
    """
    if sampling.way is Way.DIVERSE and vectors is None:
        raise SamplingRefused(
            "Diverse negatives need embeddings: pool with a dense miner, or choose a stride."
        )
    picked = np.zeros(queries.size, dtype=bool)
    mined = np.flatnonzero(eligible & ~is_random)
    chance = np.flatnonzero(eligible & is_random)
    if sampling.way is Way.DIVERSE:
        assert vectors is not None
        picked[_diverse(queries, scores, mined, sampling, vectors)] = True
    else:
        picked[_first(queries, mined, _turns(queries, scores, mined, sampling), sampling.k)] = True
    drawn = _draws(queries, chance, sampling.seed + 1)
    picked[_first(queries, chance, drawn, sampling.n_random)] = True
    return picked


def _turns(queries: Ints, scores: Floats, rows: NDArray[np.intp], sampling: Sampling) -> Floats:
    """When each row's turn comes within its query (n,): the lower, the sooner."""
    if sampling.way is Way.RANDOM:
        return _draws(queries, rows, sampling.seed)
    place = places(queries[rows], scores[rows])
    if sampling.way is Way.TOP:
        return place.astype(np.float64)
    longest = int(place.max(initial=0)) // sampling.step + 1
    return ((place % sampling.step) * longest + place // sampling.step).astype(np.float64)


def _first(queries: Ints, rows: NDArray[np.intp], turns: Floats, k: int) -> NDArray[np.intp]:
    """The k rows of each query whose turn comes first."""
    order = np.lexsort((np.arange(rows.size), turns, queries[rows]))
    return rows[order][counted(queries[rows][order]) < k]


def _draws(queries: Ints, rows: NDArray[np.intp], seed: int) -> Floats:
    """A number by chance for each row (n,)."""
    return np.random.default_rng([seed, 0x6E65]).random(queries.size)[rows]


def _diverse(
    queries: Ints, scores: Floats, rows: NDArray[np.intp], sampling: Sampling, vectors: Vectors
) -> NDArray[np.intp]:
    """Maximal marginal relevance: argmax t · hardness − (1 − t) · likeness to the nearest one taken.

    Hardness is the place in the list from 1 (hardest) down to 0, so that it weighs as cosines do whatever the
    judge's scale.
    """
    order = np.lexsort((places(queries[rows], scores[rows]), queries[rows]))
    rows = rows[order]
    starts = np.flatnonzero(counted(queries[rows]) == 0)
    taken = [
        of_query[_spread(vectors(of_query), k=sampling.k, trade=sampling.trade)]
        for of_query in np.split(rows, starts[1:])
        if of_query.size
    ]
    return np.concatenate(taken) if taken else rows


def _spread(vectors: NDArray[np.float32], *, k: int, trade: float) -> list[int]:
    """The rows of these vectors (n, dimensions), hardest first, that maximal marginal relevance takes."""
    n = len(vectors)
    hard = np.linspace(1, 0, n) if n > 1 else np.ones(n)
    likeness, left, taken = np.full(n, -1.0), np.ones(n, dtype=bool), []
    for _ in range(min(k, n)):
        best = int(np.argmax(np.where(left, trade * hard - (1 - trade) * likeness, -np.inf)))
        taken.append(best)
        left[best] = False
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return taken
