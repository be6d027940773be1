"""A jury's run: its members' verdicts are read, put together by its rule, and stored as its own."""

from collections.abc import Callable, Sequence

import numpy as np
from django.db import connection

from corpus.models.collection import Split
from corpus.variants import no_variant
from judges.engines.base import Check
from judges.models import Judge, Run
from judges.scoring.base import Answer, JudgedItem, ScoringProblem
from judges.scoring.jury import NO_GRADE, decide, read_rule
from measures.kappa import kappa_quadratic

LEAST_REFERENCES = 20  # fewer tell nothing about a member


class NoEngine:
    """What a jury asks instead of an engine: nothing."""

    n_at_once = 1

    def probe(self, labels: Sequence[str], *, abstain: str = "") -> list[Check]:
        return []

    def close(self) -> None:
        pass


def members_without_run(jury: Judge) -> list[Judge]:
    """Members that have no complete run yet, so that the jury cannot meet."""
    done = set(
        Run.objects.complete()
        .plain()
        .filter(judge__juries=jury, condition=None)
        .values_list("judge_id", flat=True)
    )
    return [member for member in jury.members.order_by("name", "version") if member.pk not in done]


def answers_of(run: Run) -> Callable[..., list[Answer]]:
    """What the jury says of any of the run's items, in the shape in which an engine's scoring is asked.

    Each member speaks by its latest complete run that has the item. Raises ScoringProblem where a weighted
    jury has too few references on the tune split to measure its members by.
    """
    values = run.judge.rubric.values
    members = list(run.judge.members.order_by("name", "version"))
    item_ids, said = _read_grades(run, members, values)
    rule = read_rule(run.judge.options)
    weights = _weights(members, values) if rule == "weighted" else None
    found = dict(zip(item_ids, decide(said, values=values, rule=rule, weights=weights), strict=True))

    def ask(items: Sequence[JudgedItem], *, engine: object) -> list[Answer]:
        return [found[item.item_id] for item in items]

    return ask


def _read_grades(run: Run, members: list[Judge], values: list[int]) -> tuple[list[int], np.ndarray]:
    """Ids of the run's items (N,), and (N, members) positions of grades, NO_GRADE where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id FROM corpus_itemsetentry WHERE item_set_id = %s ORDER BY position",
            [run.item_set_id],
        )
        item_ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """
            SELECT DISTINCT ON (v.item_id, r.judge_id) v.item_id, r.judge_id, v.grade
            FROM judges_run r JOIN corpus_job j ON j.id = r.job_id AND j.state = 'done'
            JOIN judges_verdict v ON v.run_id = r.id
            JOIN corpus_itemsetentry e ON e.item_set_id = %s AND e.item_id = v.item_id
            WHERE r.judge_id = ANY(%s) AND r.condition_id IS NULL AND r.experiment_id IS NULL
            ORDER BY v.item_id, r.judge_id, r.id DESC
            """,
            [run.item_set_id, [member.pk for member in members]],
        )
        rows = cursor.fetchall()
    row_of = {item: place for place, item in enumerate(item_ids)}
    column_of = {member.pk: place for place, member in enumerate(members)}
    position_of = {value: place for place, value in enumerate(values)}
    said = np.full((len(item_ids), len(members)), NO_GRADE, dtype=np.int64)
    for item, judge, grade in rows:
        said[row_of[item], column_of[judge]] = position_of.get(grade, NO_GRADE)
    return item_ids, said


def _weights(members: list[Judge], values: list[int]) -> list[float]:
    """Each member's quadratic κ with the references of the tune split; what is below zero counts as zero."""
    position_of = {value: place for place, value in enumerate(values)}
    tables = np.zeros((len(members), len(values), len(values)), dtype=np.int64)
    column_of = {member.pk: place for place, member in enumerate(members)}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT judge_id, reference, grade, count(*) FROM (
                SELECT DISTINCT ON (v.item_id, r.judge_id) r.judge_id, f.grade AS reference, v.grade
                FROM judges_run r JOIN corpus_job j ON j.id = r.job_id AND j.state = 'done'
                JOIN judges_verdict v ON v.run_id = r.id
                JOIN corpus_reference f ON f.item_id = v.item_id
                JOIN corpus_query q ON q.id = f.query_id AND q.split = %s
                WHERE r.judge_id = ANY(%s) AND r.condition_id IS NULL AND r.experiment_id IS NULL
                  AND {no_variant("v.item_id")}
                ORDER BY v.item_id, r.judge_id, r.id DESC
            ) latest WHERE grade IS NOT NULL GROUP BY judge_id, reference, grade
            """,
            [Split.TUNE, list(column_of)],
        )
        for judge, reference, grade, n in cursor.fetchall():
            if reference in position_of and grade in position_of:
                tables[column_of[judge], position_of[reference], position_of[grade]] += n
    few = [
        member.name for member, table in zip(members, tables, strict=True) if table.sum() < LEAST_REFERENCES
    ]
    if few:
        raise ScoringProblem(
            f"a weighted jury needs at least {LEAST_REFERENCES} references on the tune split to measure each"
            f" member by; {', '.join(few)} has fewer. Put queries into the tune split, or choose another rule"
        )
    measured = np.nan_to_num(kappa_quadratic(tables, values), nan=0.0)
    return [float(weight) for weight in np.clip(measured, 0.0, None)]
