"""Answers of an experiment out of the store, packed: a small number for each judge, cell, item and repeat.

As in `reports.reading` eight bytes a verdict leave the database, in one string a run. What is right for an
item is read beside them: a boundary item's own rule, a person's grade, or that of the item it was made from.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from judges.cells import CELLS
from judges.models import Outcome
from measures.answers import Codes, Reply, classify
from reports.compliance.runs import JudgeCells
from reports.reading import LOWEST, UNGRADED, WORK_MEM, grade_positions

ANSWERABLE = "answerable"
BOUNDARY = "boundary"
MOST_ANSWERS = 100_000_000

VERDICTS = f"""
    SELECT run_id, string_agg(int8send((item_id << 16) + coalesce(
               grade::int, -array_position(%(ungraded)s::varchar[], outcome)) - ({LOWEST})), ''::bytea)
    FROM judges_verdict WHERE run_id = ANY(%(runs)s) GROUP BY run_id
"""
# In the order of external ids: the bootstrap draws by place, so the same files give the same intervals.
TRUTH = f"""
    SELECT item.id, coalesce(own.grade, variant.grade, original.grade),
           coalesce(variant."right" = 'abstain', false),
           CASE WHEN variant.carrier = '{BOUNDARY}' THEN variant.attack ELSE '{ANSWERABLE}' END
    FROM corpus_item item
    JOIN corpus_query query ON query.id = item.query_id
    JOIN corpus_candidate candidate ON candidate.id = item.candidate_id
    LEFT JOIN corpus_variant variant ON variant.item_id = item.id
    LEFT JOIN corpus_reference own ON own.item_id = item.id
    LEFT JOIN corpus_reference original ON original.item_id = variant.original_id
    WHERE item.id = ANY(%(items)s)
    ORDER BY query.external_id COLLATE "C", candidate.external_id COLLATE "C", item.id
"""
REPLIES = np.array(
    [
        {Outcome.ABSTAINED: Reply.ABSTAINED, Outcome.ERROR: Reply.NONE, Outcome.SCORED: Reply.NONE}.get(
            outcome, Reply.UNREADABLE
        )
        for outcome in UNGRADED
    ],
    dtype=np.int8,
)
"""By place in UNGRADED. An engine's error is no answer, and a score without a grade is none either."""


class Truth(NamedTuple):
    """The items of an experiment, and what is right for each."""

    items: NDArray[np.int64]  # (N,) keys
    references: NDArray[np.int64]  # (N,) positions of grades; −1 where abstaining is right and nobody graded
    abstain: NDArray[np.bool_]  # (N,)
    families: list[str]
    family: NDArray[np.int64]  # (N,) positions in families
    n_without: int  # items with verdicts and without anything that could be right
    n_not_drawn: int = 0  # items left out as there are more answers than fit one report


class Answers(NamedTuple):
    """What every judge said in every cell, and what is right."""

    truth: Truth
    cells: list[str]
    replies: Codes  # (J, C, N, R) of Reply
    grades: Codes  # (J, C, N, R) positions, −1 without a grade

    def codes(self, *, within: int) -> Codes:
        """The code of each answer (J, C, N, R); a grade up to `within` positions from people's is correct."""
        truth = self.truth
        return classify(truth.references, truth.abstain, self.replies, self.grades, within=within)


def read_answers(judges: Sequence[JudgeCells], *, values: Sequence[int]) -> Answers:
    """The answers of these judges over all items that any of them has a verdict on; one at least."""
    packed = _fetch([run.pk for judged in judges for run in judged.all_runs])
    cells = [cell for cell in CELLS if any(cell in judged.runs for judged in judges)]
    n_repeats = max(len(runs) for judged in judges for runs in judged.runs.values())
    items = _all_items(packed)
    truth = _drawn(_read_truth(items, values), most=MOST_ANSWERS // (len(judges) * len(cells) * n_repeats))
    order = np.argsort(truth.items, kind="stable")
    shape = (len(judges), len(cells), len(truth.items), n_repeats)
    replies, grades = np.full(shape, Reply.NONE, dtype=np.int8), np.full(shape, -1, dtype=np.int8)
    for j, judged in enumerate(judges):
        for cell, runs in judged.runs.items():
            for r, run in enumerate(runs):
                places, reply, grade = _unpack(packed.get(run.pk, b""), truth.items, order, values)
                replies[j, cells.index(cell), places, r] = reply
                grades[j, cells.index(cell), places, r] = grade
    return Answers(truth, cells, replies, grades)


def _fetch(runs: Sequence[int]) -> dict[int, bytes]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        cursor.execute(VERDICTS, {"runs": list(runs), "ungraded": [str(outcome) for outcome in UNGRADED]})
        return {run: bytes(said) for run, said in cursor.fetchall()}


def _numbers(said: bytes) -> NDArray[np.int64]:
    return np.frombuffer(said, dtype=">i8").astype(np.int64)


def _all_items(packed: dict[int, bytes]) -> NDArray[np.int64]:
    return np.unique(_numbers(b"".join(packed.values())) >> 16)


def _read_truth(items: NDArray[np.int64], values: Sequence[int]) -> Truth:
    with connection.cursor() as cursor:
        cursor.execute(TRUTH, {"items": items.tolist()})
        rows = cursor.fetchall()
    keys, grades, abstain, families = ([row[i] for row in rows] for i in range(4))
    known = np.array([LOWEST if grade is None else grade for grade in grades], dtype=np.int64)
    references = grade_positions(known, values)
    is_boundary = np.array(abstain, dtype=bool)
    kept = is_boundary | (references >= 0)
    present = sorted(
        {family for family, keep in zip(families, kept, strict=True) if keep},
        key=lambda family: (family != ANSWERABLE, family),
    )
    place = {family: i for i, family in enumerate(present)}
    family = np.array([place.get(each, -1) for each in families], dtype=np.int64)
    return Truth(
        np.array(keys, dtype=np.int64)[kept],
        references[kept],
        is_boundary[kept],
        present,
        family[kept],
        int((~kept).sum()),
    )


def _drawn(truth: Truth, *, most: int) -> Truth:
    """As many items as fit, drawn in a fixed shuffle of their places."""
    n = len(truth.items)
    if n <= most:
        return truth
    kept = np.sort(np.random.default_rng(0).permutation(n)[:most])
    return truth._replace(
        items=truth.items[kept],
        references=truth.references[kept],
        abstain=truth.abstain[kept],
        family=truth.family[kept],
        n_not_drawn=n - most,
    )


def _unpack(
    said: bytes, items: NDArray[np.int64], order: NDArray[np.int64], values: Sequence[int]
) -> tuple[NDArray[np.int64], Codes, Codes]:
    """Places of the items, replies and grades of one run; a grade off the scale is unreadable."""
    packed = _numbers(said)
    if not len(items) or not len(packed):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int8)
    found = np.searchsorted(items, packed >> 16, sorter=order).clip(max=len(items) - 1)
    places = order[found]
    known = items[places] == packed >> 16
    codes = ((packed & 0xFFFF) + LOWEST)[known]
    is_graded = codes >= 0
    grades = np.where(is_graded, grade_positions(np.where(is_graded, codes, 0), values), -1)
    replies = np.where(
        is_graded,
        np.where(grades >= 0, Reply.GRADED, Reply.UNREADABLE),
        REPLIES[np.where(is_graded, 0, -1 - codes)],
    )
    return places[known], replies.astype(np.int8), grades.astype(np.int8)
