"""How far the labels of a dataset can be trusted: people with each other, and its judge with people.

Counted on the items that the plan chooses, whichever grade entered the table; the figures are the same
functions of counts that the agreement pages use.
"""

from math import isfinite
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotate.references import ON_THE_SCALE
from exchange.datasets.sources import Sources
from exchange.datasets.splits import Placed
from exchange.datasets.statements import CHOSEN, ENOUGH_LABELS, IN_SET, QUERIES
from exchange.datasets.voices import verdict_of_item
from measures.counts import Counts, Ungraded, count_array, n_graded
from measures.estimates import Estimate
from measures.scores import ScoreTable, score_table
from measures.summary import Agreement, summarise

FIGURES = ("kappa", "kappa_quadratic", "kappa_binary", "alpha_ordinal", "accuracy_binary")
SCORE_FIGURES = ("auc", "spearman")

BESIDE = """
        FROM release_query r JOIN corpus_item i ON i.query_id = r.query_id
        JOIN corpus_reference f ON f.item_id = i.id{enough} JOIN LATERAL ({verdict}) v ON true
        {chosen} AND i.rival_id IS NULL AND f.grade = ANY(%(values)s)"""
JUDGE = f"""
    SELECT place, array_position(%(values)s::int[], said::int) - 1,
           coalesce(array_position(%(values)s::int[], judged::int) - 1,
                    CASE outcome WHEN 'abstained' THEN %(abstained)s WHEN 'scored' THEN %(scored)s
                    ELSE %(failed)s END),
           sum(n)
    FROM (
        SELECT r.place, f.grade AS said, v.grade AS judged, v.outcome, count(*) AS n {BESIDE}
        GROUP BY 1, 2, 3, 4
    ) counted
    GROUP BY 1, 2, 3
"""
# In one string: a row each would take four times as long.
SCORES = f"""
    SELECT string_agg(
        int4send(r.place::int) || float8send(v.score)
        || int2send((array_position(%(values)s::int[], f.grade::int) - 1)::smallint), ''::bytea
    ) {BESIDE} AND v.score IS NOT NULL
"""
PACKED = np.dtype([("place", ">i4"), ("score", ">f8"), ("grade", ">i2")])
# Where a rater has graded an item in several rounds, the latest grade is theirs.
PEOPLE = f"""
    WITH several AS (
        SELECT label.item_id FROM annotate_label label
        WHERE label.rater_id = ANY(%(raters)s) AND label.superseded_at IS NULL
          AND label.gold_grade IS NULL AND label.grade = ANY(%(values)s) AND {ON_THE_SCALE}
        GROUP BY label.item_id HAVING min(label.rater_id) < max(label.rater_id)
    ),
    said AS (
        SELECT DISTINCT ON (label.item_id, label.rater_id) r.place, rater.name, label.item_id, label.grade
        {QUERIES} JOIN several ON several.item_id = i.id JOIN annotate_label label ON label.item_id = i.id
        JOIN annotate_rater rater ON rater.id = label.rater_id
        {CHOSEN} AND label.superseded_at IS NULL AND label.gold_grade IS NULL
          AND label.grade = ANY(%(values)s) AND {ON_THE_SCALE}{{in_set}}
        ORDER BY label.item_id, label.rater_id, label.id DESC
    )
    SELECT one.place, array_position(%(values)s::int[], one.grade::int) - 1,
           array_position(%(values)s::int[], other.grade::int) - 1, count(*)
    FROM said one JOIN said other
      ON other.item_id = one.item_id AND other.name COLLATE "C" > one.name COLLATE "C"
    GROUP BY 1, 2, 3
"""


def agreement_of_people(sources: Sources, placed: Placed) -> dict[str, Any] | None:
    """Every two people with grades on the same item; None where no item has two.

    Items whose labels gave no reference are among them: leaving out ties would flatter.
    """
    raters = list(sources.project.raters.values_list("pk", flat=True))
    if len(raters) < 2:
        return None
    keys = {"raters": raters, "project": sources.project.pk}
    in_set = IN_SET if sources.plan.item_set else ""
    return _figures(sources, placed, PEOPLE.format(in_set=in_set), keys)


def agreement_of_judge(sources: Sources, placed: Placed) -> dict[str, Any] | None:
    """The judge beside people's references by its grades, or where it gives none by its scores.

    None without a judge, or where no item has both.
    """
    if sources.judge is None:
        return None
    plan, n_grades = sources.plan, len(sources.rubric.values)
    parts = {
        "enough": ENOUGH_LABELS if plan.min_labels > 1 else "",
        "verdict": verdict_of_item("runs", sources.judge),
        "chosen": CHOSEN + (IN_SET if plan.item_set else ""),
    }
    kinds = {kind.name.lower(): kind.column(n_grades=n_grades) for kind in Ungraded}
    keys = {"runs": sources.judge.runs, "min_labels": plan.min_labels, **kinds}
    return _figures(sources, placed, JUDGE.format(**parts), keys, scores=SCORES.format(**parts))


def _figures(
    sources: Sources, placed: Placed, statement: str, keys: dict[str, Any], *, scores: str = ""
) -> dict[str, Any] | None:
    values = sources.rubric.values
    keys |= {"values": values, "item_set": sources.plan.item_set, "first": 1, "last": placed.n_queries}
    with connection.cursor() as cursor:
        cursor.execute(statement, keys)
        rows = cursor.fetchall()
        if not rows:
            return None
        cells = np.array(rows, dtype=np.int64)
        places, cells[:, 0] = np.unique(cells[:, 0], return_inverse=True)
        counts: Counts = count_array(cells, n_queries=len(places), n_grades=len(values))
        packed = None
        if scores and not n_graded(counts):
            cursor.execute(scores, keys)
            (packed,) = cursor.fetchone()
    table = _score_table(packed, places, n_grades=len(values)) if packed else None
    agreement = summarise(counts, table, values=values, cut=sources.rubric.cut)
    return _as_json(agreement, n_queries=len(places))


def _score_table(packed: bytes, places: NDArray[np.int64], *, n_grades: int) -> ScoreTable:
    """The scores by query, whose places are among these (Q,), ascending."""
    rows = np.frombuffer(packed, dtype=PACKED)
    queries = np.searchsorted(places, rows["place"].astype(np.int64))
    scores = rows["score"].astype(np.float64)
    return score_table(
        queries, rows["grade"].astype(np.int64), scores, n_queries=len(places), n_grades=n_grades
    )


def _as_json(agreement: Agreement, *, n_queries: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "n": agreement.n,
        "n_graded": agreement.n_graded,
        "n_queries": n_queries,
    }
    if agreement.n_scored:
        told["n_scored"] = agreement.n_scored
    for name in (*FIGURES, *(SCORE_FIGURES if agreement.n_scored else ())):
        estimate: Estimate = getattr(agreement, name)
        told[name] = [value if isfinite(value) else None for value in estimate]
    return told
