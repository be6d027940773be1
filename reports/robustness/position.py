"""Whether a pairwise judge chooses by place: of every pair asked in both orders, from its newest verdicts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection

from corpus.models import Project
from judges.models import Experiment, Outcome, Run
from judges.models.judge import Scoring
from measures.position import PositionBias, position_bias
from reports.counts import place_queries
from reports.runs import JudgeRuns, by_judge, names

# p of the pair's first candidate in front is probs[1], behind probs[2]: see judges.scoring.pairwise.
PAIRS = """
    SELECT newest, string_agg(int8send(query_id) || float8send(in_front) || float8send(behind), ''::bytea)
    FROM (
        SELECT DISTINCT ON (member.newest, verdict.item_id) member.newest, item.query_id, verdict.outcome,
               verdict.probs[1] AS in_front, verdict.probs[2] AS behind
        FROM judges_verdict verdict
        JOIN unnest(%(runs)s::bigint[], %(newest)s::bigint[]) AS member (run_id, newest) USING (run_id)
        JOIN corpus_item item ON item.id = verdict.item_id
        WHERE verdict.run_id = ANY(%(runs)s)
        ORDER BY member.newest, verdict.item_id, verdict.run_id DESC
    ) pair
    WHERE outcome = %(graded)s AND in_front IS NOT NULL AND behind IS NOT NULL
    GROUP BY newest
"""
PAIR = np.dtype([("query", ">i8"), ("in_front", ">f8"), ("behind", ">f8")])


class JudgePosition(NamedTuple):
    """The pull of the place on one pairwise judge under one condition."""

    name: str
    judge_id: int
    prompt: str | None
    condition_name: str | None
    bias: PositionBias


def pairwise_runs(project: Project, experiment: str | None = None) -> list[JudgeRuns]:
    """The complete runs of pairwise judges, but for compliance experiments'; or one experiment's."""
    runs = Run.objects.for_project(project).complete().filter(judge__scoring=Scoring.PAIRWISE)
    if experiment:
        runs = runs.filter(experiment__name=experiment)
    return by_judge(runs.exclude(experiment__kind=Experiment.Kind.COMPLIANCE))


def measure_positions(judges: Sequence[JudgeRuns]) -> list[JudgePosition]:
    """The position bias of each judge that has compared anything in both orders."""
    if not judges:
        return []
    members = [(run, judged.ids[0]) for judged in judges for run in judged.ids]
    with connection.cursor() as cursor:
        cursor.execute(
            PAIRS,
            {
                "runs": [run for run, _ in members],
                "newest": [newest for _, newest in members],
                "graded": Outcome.GRADED,
            },
        )
        packed = {run: np.frombuffer(pairs, dtype=PAIR) for run, pairs in cursor.fetchall()}
    found = []
    for name, judged in zip(names(judges), judges, strict=True):
        pairs = packed.get(judged.ids[0])
        if pairs is None:
            continue
        queries, _ = place_queries(pairs["query"].astype(np.int64))
        bias = position_bias(
            queries, pairs["in_front"].astype(np.float64), pairs["behind"].astype(np.float64)
        )
        found.append(JudgePosition(name, judged.judge.pk, judged.prompt_name, judged.condition_name, bias))
    return found
