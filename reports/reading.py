"""References and verdicts out of the store, packed: a million verdicts are read in half a second.

Eight bytes an item leave the database in one string a judge; a row each would take four times as long.
Judges are read a few at a time, so that memory holds some millions of verdicts, whatever there is. What was
read last stays in memory, as the next page of a project most often asks for the same.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from corpus.variants import no_variant
from judges.models import Outcome
from reports.runs import JudgeRuns, state_of
from reports.verdict_rows import verdict_rows

WORK_MEM = "64MB"  # the references of a million items as one hash table, without temporary files
READ_AT_ONCE = 5_000_000  # verdicts
MOST_KEPT = 64_000_000  # bytes

UNGRADED = [outcome for outcome in Outcome if outcome != Outcome.GRADED]
LOWEST = -32_768  # of a smallint, as grades are

REFERENCES = f"""
    SELECT string_agg(int8send(reference.item_id), ''::bytea),
           string_agg(int8send(reference.query_id), ''::bytea),
           string_agg(int2send(reference.grade::smallint), ''::bytea)
    FROM corpus_reference reference JOIN corpus_query query ON query.id = reference.query_id
    WHERE query.project_id = %(project)s AND reference.grade = ANY(%(values)s)
      AND (%(split)s::varchar IS NULL OR query.split = %(split)s) AND {no_variant("reference.item_id")}
"""
# A judged grade is itself; a verdict without a grade is minus the place (from 1) of its outcome in UNGRADED.
VERDICTS = f"""
    SELECT verdict.run_id,
           string_agg(int8send((verdict.item_id << 16) + coalesce(
               verdict.grade::int, -array_position(%(ungraded)s::varchar[], verdict.outcome)) - ({LOWEST})),
               ''::bytea),
           string_agg(int8send(verdict.item_id) || float8send(verdict.score), ''::bytea)
               FILTER (WHERE verdict.score IS NOT NULL)
    FROM ({{verdicts}}) verdict JOIN corpus_reference reference USING (item_id)
    GROUP BY verdict.run_id
"""
SCORE = np.dtype([("item", ">i8"), ("score", ">f8")])


class References(NamedTuple):
    """Items with a reference on the scale, by item."""

    items: NDArray[np.int64]  # (N,) keys, ascending
    queries: NDArray[np.int64]  # (N,) keys
    grades: NDArray[np.int64]  # (N,) positions on the scale

    def only(self, kept: NDArray[np.bool_]) -> "References":
        """Those of the items that are kept (N,)."""
        return References(*(each[kept] for each in self))


class Said(NamedTuple):
    """One judge's verdicts on these items."""

    judged: JudgeRuns
    places: NDArray[np.int32]  # (M,) rows of the references
    codes: NDArray[np.int16]  # (M,) positions of grades; of a verdict without one −1 − place in UNGRADED
    scored: NDArray[np.int32]  # (S,) rows of the references
    scores: NDArray[np.float64]  # (S,)


class Kept:
    """What was read last, up to so many bytes; the key holds all it depends on, so that it is never stale."""

    def __init__(self, most: int) -> None:
        self._most, self._n_bytes, self._lock = most, 0, Lock()
        self._said: OrderedDict[tuple, Said] = OrderedDict()

    def get(self, key: tuple) -> Said | None:
        with self._lock:
            if key in self._said:
                self._said.move_to_end(key)
            return self._said.get(key)

    def keep(self, key: tuple, said: Said) -> None:
        with self._lock:
            if key not in self._said:
                self._said[key] = said
                self._n_bytes += _n_bytes(said)
            while self._n_bytes > self._most:
                self._n_bytes -= _n_bytes(self._said.popitem(last=False)[1])

    def forget(self) -> None:
        with self._lock:
            self._said.clear()
            self._n_bytes = 0


kept = Kept(MOST_KEPT)


def read_references(project_id: int, *, values: Sequence[int], split: str | None) -> References:
    """References of a project's plain items whose grade is one of `values`; `split` keeps to its queries."""
    with connection.cursor() as cursor:
        cursor.execute(REFERENCES, {"project": project_id, "values": list(values), "split": split})
        packed = cursor.fetchone()
    items, queries, grades = (
        np.frombuffer(each or b"", dtype=kind).astype(np.int64)
        for each, kind in zip(packed, (">i8", ">i8", ">i2"), strict=True)
    )
    order = np.argsort(items, kind="stable")
    return References(items[order], queries[order], grade_positions(grades[order], values))


def read_verdicts(
    judges: Sequence[JudgeRuns], references: References, *, values: Sequence[int]
) -> Iterator[Said]:
    """What each judge said of these items, in order, without those that said nothing.

    A grade that is none of `values` is out of range.
    """
    if not len(references.items):
        return
    over = (hashlib.blake2b(references.items.tobytes()).digest(), tuple(values))
    keys = {judged: (*over, *(tuple(state_of(run)) for run in judged.runs)) for judged in judges}
    found = {judged: said for judged, key in keys.items() if (said := kept.get(key)) is not None}
    for together in _batches(judges):
        missing = [judged for judged in together if judged not in found]
        packed = _fetch(missing) if missing else {}
        for judged in together:
            said = found.get(judged)
            if said is None:
                answer = packed.get(judged.ids[0], (b"", None))
                said = _unpack(judged, *answer, references=references, values=values)
                kept.keep(keys[judged], said)
            if len(said.places):
                yield said._replace(judged=judged)


def grade_positions(grades: NDArray[np.int64], values: Sequence[int]) -> NDArray[np.int64]:
    """Positions of grades in the rubric, −1 for a grade that it does not have."""
    scale = np.asarray(values, dtype=np.int64)
    positions = np.searchsorted(scale, grades).clip(max=len(scale) - 1)
    return np.where(scale[positions] == grades, positions, -1)


def code_of(outcome: Outcome) -> int:
    """The code of a verdict without a grade."""
    return -1 - UNGRADED.index(outcome)


def _batches(judges: Sequence[JudgeRuns]) -> Iterator[list[JudgeRuns]]:
    batch: list[JudgeRuns] = []
    n = 0
    for judged in judges:
        size = sum(run.n_done for run in judged.runs)
        if batch and n + size > READ_AT_ONCE:
            yield batch
            batch, n = [], 0
        batch.append(judged)
        n += size
    if batch:
        yield batch


def _fetch(judges: Sequence[JudgeRuns]) -> dict[int, tuple[bytes, bytes | None]]:
    verdicts, parameters = verdict_rows(judges)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        cursor.execute(
            VERDICTS.format(verdicts=verdicts),
            parameters | {"ungraded": [str(outcome) for outcome in UNGRADED]},
        )
        return {run: (said, scores) for run, said, scores in cursor.fetchall()}


def _unpack(
    judged: JudgeRuns, said: bytes, scores: bytes | None, *, references: References, values: Sequence[int]
) -> Said:
    packed = np.frombuffer(said, dtype=">i8").astype(np.int64)
    places, codes = _placed(packed >> 16, (packed & 0xFFFF) + LOWEST, references)
    graded = codes >= 0
    codes[graded] = grade_positions(codes[graded], values)
    codes = np.where(graded & (codes < 0), code_of(Outcome.OUT_OF_RANGE), codes)
    rows = np.frombuffer(scores or b"", dtype=SCORE)
    scored, score = _placed(rows["item"].astype(np.int64), rows["score"].astype(np.float64), references)
    return Said(judged, places.astype(np.int32), codes.astype(np.int16), scored.astype(np.int32), score)


def _n_bytes(said: Said) -> int:
    return said.places.nbytes + said.codes.nbytes + said.scored.nbytes + said.scores.nbytes


def _placed(items: NDArray[np.int64], facts: NDArray, references: References) -> tuple[NDArray, NDArray]:
    """Rows of the references and the facts of the items that are among them."""
    places = np.searchsorted(references.items, items).clip(max=len(references.items) - 1)
    known = references.items[places] == items
    return places[known], facts[known]
