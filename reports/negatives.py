"""What the page of a rule shows beside its counts: where scores lie, examples at the cut, and each query."""

from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from mining.choices import STATES, Chosen
from mining.reading import PoolPairs
from mining.rules import STATE_OF, Margin, Reason, Rule, State, Status

N_BINS = 40
N_EXAMPLES = 4
SHOWN = 20  # queries a page
ABOVE = (Reason.FLAGGED, Reason.RELABELLED, Reason.CONFIRMED)
NEGATIVE = [STATES.index(State.HARD), STATES.index(State.RANDOM)]
UNDER = (Reason.HARD, Reason.EASY, Reason.RANDOM, Reason.CLEARED)
TEXTS = """
    SELECT query.id, query.external_id, query.text, candidate.id, candidate.external_id, candidate.title,
           candidate.text
    FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (query, candidate)
    JOIN corpus_query query ON query.id = wanted.query
    JOIN corpus_candidate candidate ON candidate.id = wanted.candidate"""


class Histogram(NamedTuple):
    """Counts of several groups in bins of equal width."""

    edges: list[float]  # (B + 1)
    names: list[str]
    counts: list[list[int]]  # by group
    n_left_out: int  # infinite ones


class Example(NamedTuple):
    """A query, a positive of it, and a candidate near the cut."""

    query: str
    positive: str
    positive_score: float
    candidate_id: str
    candidate: str
    score: float
    cut: float


class QueryCounts(NamedTuple):
    """One query under the rule."""

    query_id: str
    query: str
    weakest: float
    cut: float
    status: Status
    n: int
    n_flagged: int
    n_negative: int
    n_unjudged: int
    n_picked: int


def score_histogram(found: PoolPairs) -> Histogram:
    """Scores by what is known: positives, what people graded since, and what nobody has graded."""
    pairs = found.pairs
    pooled = ~pairs.is_positive
    unknown = pooled & (pairs.people < 0)
    groups = {
        "positives": pairs.is_positive,
        "mined, then graded relevant": pooled & (pairs.people == 1),
        "graded not relevant": pooled & (pairs.people == 0),
        "mined, graded by nobody": unknown & ~pairs.is_random,
        "by chance, graded by nobody": unknown & pairs.is_random,
    }
    return _histogram(pairs.scores, {name: rows for name, rows in groups.items() if rows.any()})


def margin_histogram(found: PoolPairs, chosen: Chosen, rule: Rule) -> Histogram:
    """How far candidates score from s⁺, as the rule measures it, by what becomes of them."""
    pairs, decided = found.pairs, chosen.decided
    states = chosen.states
    pooled = ~pairs.is_positive
    groups = {
        "relabelled": pooled & (states == STATES.index(State.RELABELLED)),
        "ambiguous": pooled & (states == STATES.index(State.AMBIGUOUS)),
        "negative": pooled & np.isin(states, NEGATIVE),
    }
    values = pairs.scores
    if rule.margin is not Margin.FIXED:
        weakest = decided.weakest[pairs.queries]
        with np.errstate(invalid="ignore", divide="ignore"):
            values = values - weakest
            if rule.margin is Margin.SHARE:
                values = values / np.abs(weakest)
    return _histogram(values, {name: rows for name, rows in groups.items() if rows.any()})


def _histogram(values: NDArray[np.float64], groups: dict[str, NDArray[np.bool_]]) -> Histogram:
    scored = ~np.isnan(values)
    finite = np.isfinite(values)
    shown = np.zeros(values.size, dtype=bool)
    for rows in groups.values():
        shown |= rows
    low, high = (
        (values[finite & shown].min(), values[finite & shown].max()) if (finite & shown).any() else (0, 1)
    )
    edges = np.linspace(low, high if high > low else low + 1, N_BINS + 1)
    counts = [np.histogram(values[rows & finite], edges)[0].tolist() for rows in groups.values()]
    return Histogram(edges.tolist(), list(groups), counts, int((shown & scored & ~finite).sum()))


def examples(found: PoolPairs, chosen: Chosen) -> tuple[list[Example], list[Example]]:
    """Candidates nearest to their query's cut, each of another query: those above it, and those under it."""
    pairs, decided = found.pairs, chosen.decided
    cut = decided.cuts[pairs.queries]
    sides = []
    for reasons in (ABOVE, UNDER):
        rows = np.flatnonzero(np.isin(decided.reasons, reasons) & np.isfinite(pairs.scores - cut))
        rows = rows[np.argsort(np.abs(pairs.scores - cut)[rows], kind="stable")]
        _, first = np.unique(pairs.queries[rows], return_index=True)
        sides.append(rows[np.sort(first)[:N_EXAMPLES]])
    positives = _weakest_positives(found)
    wanted = [row for side in sides for row in side.tolist()]
    beside = {row: positives.get(int(pairs.queries[row])) for row in wanted}
    texts = _texts(found, [*wanted, *(row for row in beside.values() if row is not None)])
    above, under = (
        [_example(found, row, beside[row], float(cut[row]), texts) for row in side.tolist()] for side in sides
    )
    return above, under


def _weakest_positives(found: PoolPairs) -> dict[int, int]:
    """For each query the row of the positive that scores lowest, from which the cut is measured."""
    pairs = found.pairs
    rows = np.flatnonzero(pairs.is_positive & ~np.isnan(pairs.scores))
    rows = rows[np.lexsort((pairs.scores[rows], pairs.queries[rows]))]
    queries, first = np.unique(pairs.queries[rows], return_index=True)
    return dict(zip(queries.tolist(), rows[first].tolist(), strict=True))


def _texts(found: PoolPairs, rows: list[int]) -> dict[tuple[int, int], tuple]:
    queries = found.queries[found.pairs.queries[rows]].tolist() if rows else []
    candidates = found.candidates[rows].tolist() if rows else []
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, [queries, candidates])
        return {(row[0], row[3]): row for row in cursor.fetchall()}


def _example(
    found: PoolPairs, row: int, positive: int | None, cut: float, texts: dict[tuple[int, int], tuple]
) -> Example:
    query = int(found.queries[found.pairs.queries[row]])
    _, query_id, asked, _, candidate_id, title, text = texts[query, int(found.candidates[row])]
    known, score = "", float("nan")
    if positive is not None:
        *_, known_title, known_text = texts[query, int(found.candidates[positive])]
        known, score = f"{known_title} {known_text}".strip(), float(found.pairs.scores[positive])
    return Example(
        asked or query_id,
        known,
        score,
        candidate_id,
        f"{title} {text}".strip(),
        float(found.pairs.scores[row]),
        cut,
    )


def query_counts(found: PoolPairs, chosen: Chosen, *, page: int) -> list[QueryCounts]:
    """Queries under the rule, those with the most flagged candidates first; twenty of a page from 1."""
    pairs, decided = found.pairs, chosen.decided
    n_queries = pairs.n_queries

    def of_query(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(pairs.queries[rows], minlength=n_queries)

    pooled = ~pairs.is_positive
    flagged = of_query(np.isin(decided.reasons, [*ABOVE, Reason.BAND]))
    is_negative = np.isin(chosen.states, NEGATIVE)
    negative = of_query(is_negative)
    unjudged = of_query(pooled & (chosen.states == STATES.index(STATE_OF[Reason.UNJUDGED])))
    n_picked = of_query(
        pooled
        & chosen.picked
        & np.isin(chosen.states, [STATES.index(State.HARD), STATES.index(State.RANDOM)])
    )
    n = of_query(pooled)
    order = np.lexsort((np.arange(n_queries), -flagged))[(page - 1) * SHOWN : page * SHOWN]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, external_id, text FROM corpus_query WHERE id = ANY(%s)",
            [found.queries[order].tolist()],
        )
        names = {key: (external_id, text) for key, external_id, text in cursor.fetchall()}
    return [
        QueryCounts(
            *names[int(found.queries[q])],
            float(decided.weakest[q]),
            float(decided.cuts[q]),
            Status(decided.statuses[q]),
            int(n[q]),
            int(flagged[q]),
            int(negative[q]),
            int(unjudged[q]),
            int(n_picked[q]),
        )
        for q in order.tolist()
    ]
