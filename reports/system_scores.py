"""What every system scores in every query under a set of labels, by ir-measures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from corpus.models import Project, System
from corpus.variants import no_variant
from reports.counts import place_queries
from reports.runs import JudgeRuns
from reports.scope import Scope
from reports.verdict_rows import verdict_rows

DEFAULT_MEASURE = "nDCG@10"
MEASURES = ("nDCG@10", "AP", "RR", "P@10", "Recall@100", "bpref", "judged@10")
SPELLINGS = {"recall": "R", "bpref": "Bpref", "judged": "Judged", "ndcg": "nDCG", "map": "AP", "mrr": "RR"}
WITH_A_CUT = ("AP", "RR", "P", "R", "Bpref")  # where the least relevant grade is asked for

REFERENCES = f"""
    SELECT item.query_id, item.candidate_id, reference.grade
    FROM corpus_reference reference JOIN corpus_item item ON item.id = reference.item_id
    JOIN corpus_query query ON query.id = item.query_id
    WHERE query.project_id = %(project)s AND item.rival_id IS NULL AND reference.grade = ANY(%(values)s)
      AND (%(split)s::varchar IS NULL OR query.split = %(split)s) AND {no_variant("item.id")}
"""
VERDICTS = f"""
    SELECT verdict.run_id, item.query_id, string_agg(int8send(item.candidate_id), ''::bytea),
           string_agg(int2send(verdict.grade::smallint), ''::bytea)
    FROM ({{verdicts}}) verdict JOIN corpus_item item ON item.id = verdict.item_id
    WHERE verdict.grade = ANY(%(values)s) AND item.query_id = ANY(%(queries)s) AND {no_variant("item.id")}
    GROUP BY 1, 2
"""
HITS = """
    SELECT hit.system_id, hit.query_id, string_agg(int8send(hit.candidate_id), ''::bytea ORDER BY hit.rank)
    FROM corpus_hit hit JOIN corpus_system system ON system.id = hit.system_id
    WHERE system.project_id = %(project)s AND hit.rank <= %(depth)s AND hit.query_id = ANY(%(queries)s)
    GROUP BY 1, 2
"""
DEEPEST = 1_000_000

Labels = dict[str, dict[str, int]]  # query → candidate → grade, as pytrec_eval takes them


class MeasureRefused(ValueError):
    """No such measure; one sentence says which there are."""


class SystemScores(NamedTuple):
    """Scores by system and query, for people's grades and each judge's."""

    systems: list[str]
    n_queries: int
    people: NDArray[np.float64]  # (S, Q)
    judges: list[tuple[JudgeRuns, int, NDArray[np.float64]]]  # with how many grades, and (S, Q)


def parse_measure(name: str, *, cut: int) -> Any:
    """The measure of ir-measures with this name, taking grades from `cut` for relevant where it asks.

    Raises MeasureRefused.
    """
    import ir_measures

    base, _, rest = name.partition("@")
    try:
        measure = ir_measures.parse_measure("@".join(filter(None, [SPELLINGS.get(base.lower(), base), rest])))
        measure.validate_params()
    except (NameError, ValueError, SyntaxError, TypeError, AssertionError) as error:
        raise MeasureRefused(
            f"“{name}” is no measure of rankings; try one of {', '.join(MEASURES)} (or with another depth)."
        ) from error
    return measure(rel=cut) if measure.NAME in WITH_A_CUT and "rel" not in measure.params else measure


def score_systems(
    project: Project, judges: Sequence[JudgeRuns], *, measure: str, scope: Scope
) -> SystemScores:
    """Every system's score in every query that has human grades; 0 where it returned nothing.

    Judges without a grade in these queries are left out. Raises MeasureRefused.
    """
    import ir_measures

    found = parse_measure(measure, cut=scope.cut)
    keys = {"project": project.pk, "values": list(scope.values), "split": scope.split}
    with connection.cursor() as cursor:
        cursor.execute(REFERENCES, keys)
        references = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    queries, n_queries = np.unique(references[:, 0]).tolist(), len(np.unique(references[:, 0]))
    places, _ = place_queries(np.array(queries, dtype=np.int64))
    place_of = dict(zip(map(str, queries), places.tolist(), strict=True))
    depth = found.params.get("cutoff", DEEPEST)
    runs = _runs(project, queries, depth=depth)
    label_sets = _verdicts(judges, queries, values=scope.values)
    systems = list(System.objects.filter(project=project).order_by("name").values_list("pk", "name"))

    def scored(labels: Labels) -> NDArray[np.float64]:
        evaluator = ir_measures.evaluator([found], labels)
        table = np.zeros((len(systems), n_queries))
        for row, (system, _) in enumerate(systems):
            for metric in evaluator.iter_calc(runs.get(system, {})):
                if metric.query_id in place_of:
                    table[row, place_of[metric.query_id]] = metric.value
        return table

    return SystemScores(
        [name for _, name in systems],
        n_queries,
        scored(_labels(references.tolist()))
        if systems and n_queries
        else np.zeros((len(systems), n_queries)),
        [
            (judged, sum(map(len, label_sets[judged.ids[0]].values())), scored(label_sets[judged.ids[0]]))
            for judged in judges
            if systems and judged.ids[0] in label_sets
        ],
    )


def _labels(rows: Iterable[Sequence[int]]) -> Labels:
    labels: Labels = {}
    for query, candidate, grade in rows:
        labels.setdefault(str(query), {})[str(candidate)] = grade
    return labels


def _verdicts(
    judges: Sequence[JudgeRuns], queries: list[int], *, values: Sequence[int]
) -> Mapping[int, Labels]:
    """Each judge's labels, by its newest run."""
    verdicts, parameters = verdict_rows(judges)
    if not verdicts:
        return {}
    found: dict[int, Labels] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            VERDICTS.format(verdicts=verdicts), parameters | {"queries": queries, "values": list(values)}
        )
        for run, query, candidates, grades in cursor:
            names = map(str, np.frombuffer(candidates, dtype=">i8").tolist())
            given = np.frombuffer(grades, dtype=">i2").tolist()
            found.setdefault(run, {})[str(query)] = dict(zip(names, given, strict=True))
    return found


def _runs(project: Project, queries: list[int], *, depth: int) -> dict[int, dict[str, dict[str, float]]]:
    """Each system's hits by query. Ranks are the store's: ties are broken as trec_eval breaks them."""
    runs: dict[int, dict[str, dict[str, float]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(HITS, {"project": project.pk, "depth": depth, "queries": queries})
        for system, query, candidates in cursor:
            ranked = np.frombuffer(candidates, dtype=">i8").tolist()
            runs.setdefault(system, {})[str(query)] = {
                str(candidate): float(-rank) for rank, candidate in enumerate(ranked)
            }
    return runs
