"""A rule and a sampling applied to a pool's pairs: what the page counts, and what a selection freezes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mining.models import Embedding, Pool
from mining.pool_settings import settings_of
from mining.reading import PoolPairs
from mining.rules import STATE_OF, Bools, Decided, Reason, Rule, State, Status, decide
from mining.sampling import Sampling, Vectors, pick
from mining.vectors import read_vectors

STATES = list(State)
PLACE_OF_STATE = np.array([STATES.index(STATE_OF[reason]) for reason in Reason])
TAKEN = (Reason.HARD, Reason.CLEARED, Reason.PEOPLE_NEGATIVE, Reason.RANDOM, Reason.PEOPLE_RANDOM)
"""What may be picked as a negative; easy ones stay behind."""


class Chosen(NamedTuple):
    """What becomes of each pair (N,)."""

    decided: Decided
    states: NDArray[np.intp]  # (N,) places in STATES
    picked: Bools  # (N,) positives included


def choose(
    found: PoolPairs,
    rule: Rule,
    sampling: Sampling,
    *,
    second: Rule | None = None,
    vectors: Vectors | None = None,
) -> Chosen:
    """States and picks of the pairs. Queries whose positive the judge doubts give nothing."""
    pairs = found.pairs
    decided = decide(pairs, rule, second=second)
    states = PLACE_OF_STATE[decided.reasons]
    doubted = (decided.statuses == Status.DOUBTED)[pairs.queries]
    eligible = np.isin(decided.reasons, TAKEN) & ~doubted
    picked = pick(pairs.queries, pairs.scores, eligible, pairs.is_random, sampling, vectors=vectors)
    is_positive = np.isin(states, [STATES.index(State.POSITIVE), STATES.index(State.RELABELLED)])
    return Chosen(decided, states, picked | (is_positive & ~doubted))


def vectors_for(pool: Pool, found: PoolPairs) -> Vectors | None:
    """What diverse sampling asks for the vectors of pairs; None where the pool has no embeddings."""
    dense = settings_of(pool.settings).dense
    if dense is None:
        return None
    embedding = Embedding.objects.filter(
        project=pool.project,
        engine=dense.engine,
        query_prefix=dense.query_prefix,
        candidate_prefix=dense.candidate_prefix,
    ).last()
    if embedding is None:
        return None
    return lambda rows: read_vectors(embedding, found.candidates[rows].tolist())


def count(found: PoolPairs, chosen: Chosen, *, k: int) -> dict[str, Any]:
    """Pairs by state and by reason, queries by status, and how many queries give how much."""
    pairs, decided = found.pairs, chosen.decided
    states = np.bincount(chosen.states, minlength=len(STATES))
    reasons = np.bincount(decided.reasons, minlength=len(Reason))
    statuses = np.bincount(decided.statuses, minlength=len(Status))
    is_positive = np.isin(chosen.states, [STATES.index(State.POSITIVE), STATES.index(State.RELABELLED)])
    negatives = chosen.picked & ~is_positive
    per_query = np.bincount(pairs.queries[negatives], minlength=pairs.n_queries)
    has_positive = np.bincount(pairs.queries[chosen.picked & is_positive], minlength=pairs.n_queries) > 0
    return {
        "n_pairs": int(pairs.queries.size),
        "n_queries": pairs.n_queries,
        "states": {str(state): int(n) for state, n in zip(STATES, states, strict=True)},
        "reasons": {reason.name: int(reasons[reason]) for reason in Reason},
        "statuses": {status.name: int(statuses[status]) for status in Status},
        "n_picked": int(negatives.sum()),
        "n_full": int((per_query >= k).sum()),
        "n_without": int((per_query == 0).sum()),
        "n_usable": int(((per_query > 0) & has_positive).sum()),
    }
