"""Selections: a rule and a sampling over a judge's scores of a pool, frozen row by row, and read back."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from corpus.audit import record
from corpus.models import Project, User
from corpus.models.audit import Verb
from judges.log_odds import log_odds_of
from judges.models import Run
from mining.choices import STATES, Chosen, choose, count, vectors_for
from mining.hits import writing
from mining.models import Pool, Selection
from mining.reading import PoolPairs, read_pairs
from mining.rule_words import rule_formula
from mining.rules import Reason, Rule, State, rule_of
from mining.sampling import Sampling, sampling_of

SAMPLED = 200  # items by which a run is seen to be over a pool
BY_PEOPLE = (Reason.POSITIVE, Reason.PEOPLE_POSITIVE, Reason.PEOPLE_NEGATIVE, Reason.PEOPLE_RANDOM)
ORDER = {
    "query": 'SELECT id FROM corpus_query WHERE id = ANY(%s) ORDER BY external_id COLLATE "C", id',
    "candidate": 'SELECT id FROM corpus_candidate WHERE id = ANY(%s) ORDER BY external_id COLLATE "C", id',
}
ROWS = """
    SELECT query.external_id, query.text, query.need, candidate.external_id, candidate.title, candidate.text,
           query.split, entry.state, entry.reason, entry.picked,
           CASE WHEN entry.reason = ANY(%(by_people)s) THEN reference.grade ELSE verdict.grade END,
           entry.score, {log_odds}, pooled.miner, pooled.rank
    FROM mining_selectionentry entry
    JOIN corpus_query query ON query.id = entry.query_id
    JOIN corpus_candidate candidate ON candidate.id = entry.candidate_id
    LEFT JOIN mining_poolentry pooled ON pooled.pool_id = %(pool)s AND pooled.query_id = entry.query_id
         AND pooled.candidate_id = entry.candidate_id
    LEFT JOIN judges_verdict verdict ON verdict.run_id = %(run)s AND verdict.item_id = entry.item_id
    LEFT JOIN corpus_reference reference ON reference.item_id = entry.item_id
    WHERE entry.selection_id = %(selection)s AND (entry.picked OR %(everything)s)
    ORDER BY entry.position"""


class SelectionRefused(ValueError):
    """The selection cannot be made like this; one sentence says why."""


class Row(NamedTuple):
    """One candidate of a query as exports take it: queries together, positives first, then by score."""

    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    split: str
    state: str
    reason: str
    picked: bool
    grade: int | None  # people's where they decided, else the judge's
    score: float | None  # the first judge's, of everything it scored
    log_odds: float | None
    miner: str
    rank: int | None
    judge: str
    prompt_hash: str
    rule: str


def runs_over(pool: Pool) -> list[Run]:
    """Runs that speak for the pool, newest first: those over its item set, and others with its items.

    Single-grade judges of the project's own scale, under the plain condition and outside experiments. A run
    that is under way counts with what it has.
    """
    if pool.item_set is None:
        return []
    runs = _speaking(pool.project)
    places = range(1, pool.item_set.n_items + 1, max(1, pool.item_set.n_items // SAMPLED))
    entries = pool.item_set.entries.filter(position__in=list(places))
    sample = list(entries.values_list("item_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT run.id FROM unnest(%s::bigint[]) AS run (id) WHERE EXISTS"
            " (SELECT FROM judges_verdict v WHERE v.run_id = run.id AND v.item_id = ANY(%s))",
            [[run.pk for run in runs], sample],
        )
        with_items = {key for (key,) in cursor.fetchall()}
    own = [run for run in runs if run.item_set_id == pool.item_set_id]
    return [*own, *(run for run in runs if run.pk in with_items and run.item_set_id != pool.item_set_id)]


def _speaking(project: Project):
    """Runs whose verdicts may speak for a pool of the project."""
    return (
        Run.objects.for_project(project)
        .filter(experiment=None, condition=None, judge__rubric=project.rubric)
        .select_related("judge__prompt", "judge__project", "job", "item_set")
    )


def find_run(pool: Pool, key: int | None) -> Run | None:
    """The run of this key, where it may speak for a pool of the project."""
    return _speaking(pool.project).filter(pk=key).first()


def runs_by_pool(project: Project) -> dict[int, list[Run]]:
    """The project's runs over item sets of its pools, newest first, by the pool's key."""
    pools = dict(project.pools.exclude(item_set=None).values_list("item_set", "pk"))
    found: dict[int, list[Run]] = {}
    for run in _speaking(project).filter(item_set__in=pools):
        found.setdefault(pools[run.item_set_id], []).append(run)
    return found


def second_runs_over(pool: Pool) -> list[Run]:
    """Runs over what selections of the pool flagged, newest first."""
    flagged = Selection.objects.filter(pool=pool).exclude(flagged_set=None).values("flagged_set")
    runs = Run.objects.for_project(pool.project).filter(item_set__in=flagged, condition=None, experiment=None)
    return list(runs.select_related("judge__prompt", "judge__project", "job", "item_set"))


def freeze_selection(
    pool: Pool,
    *,
    name: str,
    run: Run,
    rule: Rule,
    sampling: Sampling,
    second_run: Run | None = None,
    second_rule: Rule | None = None,
    by: User | None = None,
) -> Selection:
    """Give every pooled candidate its state by this rule, pick negatives, and keep it all as it is now.

    Raises SelectionRefused where the run has nothing to say of the pool or the name is taken, RuleRefused and
    SamplingRefused for a rule or a sampling that makes no sense.
    """
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise SelectionRefused("A selection needs a name of at most 200 characters on one line.")
    if pool.frozen_at is None:
        raise SelectionRefused(f"The pool “{pool}” is not made yet.")
    pool.project.refresh_from_db(fields=["reference_version"])
    rule_of(rule.as_json())
    sampling_of(sampling.as_json())
    found = read_pairs(pool, run, second=second_run)
    if not (~np.isnan(found.pairs.scores)).any():
        raise SelectionRefused(f"{run} has no score on any candidate of “{pool}”.")
    chosen = choose(found, rule, sampling, second=second_rule, vectors=vectors_for(pool, found))
    stored = {"first": rule.as_json(), "second": (second_rule or rule).as_json() if second_run else None}
    try:
        with transaction.atomic():
            selection = Selection.objects.create(
                pool=pool,
                name=name,
                run=run,
                second_run=second_run,
                rule=stored,
                sampling=sampling.as_json(),
                counts=count(found, chosen, k=sampling.k),
                created_by=by,
                frozen_at=timezone.now(),
            )
            _write(selection, found, chosen)
            record(Verb.SELECTION_FROZEN, selection, project=pool.project, by=by, rule=rule_formula(rule))
    except IntegrityError as error:
        raise SelectionRefused(
            f"The pool “{pool}” has a selection called “{name}”; choose another."
        ) from error
    return selection


def rows_of(selection: Selection, *, everything: bool = False) -> Iterator[Row]:
    """The selection's rows as exports take them, read by a server-side cursor: those picked, or all.

    Picked are positives and the negatives that were sampled, of queries whose positives the judge does not
    doubt. Texts and grades are those of now, states and scores those frozen.
    """
    pool, judge = selection.pool, selection.run.judge
    miners = [miner["name"] for miner in pool.miners]
    said = (
        judge.name,
        judge.prompt.content_hash if judge.prompt else "",
        rule_formula(rule_of(selection.rule["first"])),
    )
    names = {
        "selection": selection.pk,
        "pool": pool.pk,
        "run": selection.run_id,
        "everything": everything,
        "by_people": [int(reason) for reason in BY_PEOPLE],
    }
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(ROWS.format(log_odds=log_odds_of(judge, "verdict")), names)
        while block := cursor.fetchmany(2000):
            for *facts, reason, picked, grade, score, log_odds, miner, rank in block:
                yield Row(
                    *facts, _reason_name(reason), picked, grade, score, log_odds,
                    miners[miner] if miner is not None else "", rank, *said,
                )  # fmt: skip


def find_selection(project: Project, name: str) -> Selection | None:
    """The newest selection of this name in the project."""
    found = Selection.objects.filter(pool__project=project, name=name)
    return found.select_related("pool__project", "run__judge__prompt", "run__job").first()


def _reason_name(reason: int) -> str:
    return Reason(reason).name.lower()


def _write(selection: Selection, found: PoolPairs, chosen: Chosen) -> None:
    """The selection's entries in the order in which they go out."""
    order = _order(found, chosen)
    scores = found.pairs.scores[order]
    columns = zip(
        range(1, order.size + 1),
        found.queries[found.pairs.queries[order]].tolist(),
        found.candidates[order].tolist(),
        found.items[order].tolist(),
        chosen.states[order].tolist(),
        chosen.decided.reasons[order].tolist(),
        scores.tolist(),
        np.isnan(scores).tolist(),
        chosen.picked[order].tolist(),
        strict=True,
    )
    named = "selection_id, position, query_id, candidate_id, item_id, state, reason, score, picked"
    with (
        writing(selection) as cursor,
        cursor.copy(f"COPY mining_selectionentry ({named}) FROM STDIN") as copy,
    ):
        for position, query, candidate, item, state, reason, score, unscored, picked in columns:
            said = (str(STATES[state]), reason, None if unscored else score, picked)
            copy.write_row((selection.pk, position, query, candidate, item, *said))


def _order(found: PoolPairs, chosen: Chosen) -> NDArray[np.intp]:
    """Rows (N,): queries by external id, of each its positives first, then by falling score, ties by ids."""
    query = _places(found.queries, "query")[found.pairs.queries]
    candidate = _places(np.unique(found.candidates), "candidate")
    candidate = candidate[np.searchsorted(np.unique(found.candidates), found.candidates)]
    score = np.where(np.isnan(found.pairs.scores), np.inf, -found.pairs.scores)
    rest = ~np.isin(chosen.states, [STATES.index(State.POSITIVE), STATES.index(State.RELABELLED)])
    return np.lexsort((candidate, score, rest, query))


def _places(keys: NDArray[np.int64], table: str) -> NDArray[np.int64]:
    """The place of each of these ascending keys in the order of external ids."""
    with connection.cursor() as cursor:
        cursor.execute(ORDER[table], [keys.tolist()])
        ordered = np.array([key for (key,) in cursor.fetchall()], dtype=np.int64)
    found = np.empty(keys.size, dtype=np.int64)
    found[np.searchsorted(keys, ordered)] = np.arange(keys.size)
    return found
