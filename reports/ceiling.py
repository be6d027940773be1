"""The human–human ceiling: how far people agree with each other on the same items."""

from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction

from annotate.references import ON_THE_SCALE
from corpus.models import Project
from corpus.variants import no_variant
from measures.counts import Counts, count_array
from measures.summary import Agreement, summarise
from reports.counts import place_queries
from reports.figures import Figures, figures_as_json, figures_from_json
from reports.models import CachedFigures
from reports.reading import WORK_MEM
from reports.scope import Scope, label_mark
from reports.slices import references_in

# Where a rater has graded an item in several rounds, the latest grade is theirs.
PAIRS = f"""
    WITH several AS (
        SELECT label.item_id FROM annotate_label label
        WHERE label.rater_id = ANY(%(raters)s) AND label.superseded_at IS NULL
          AND label.gold_grade IS NULL AND label.grade = ANY(%(values)s) AND {ON_THE_SCALE}
          AND {no_variant("label.item_id")}
        GROUP BY label.item_id HAVING min(label.rater_id) < max(label.rater_id)
    ),
    said AS (
        SELECT DISTINCT ON (label.item_id, label.rater_id) label.item_id, label.rater_id, label.grade
        FROM annotate_label label JOIN several USING (item_id)
        WHERE label.rater_id = ANY(%(raters)s) AND label.superseded_at IS NULL
          AND label.gold_grade IS NULL AND label.grade = ANY(%(values)s) AND {ON_THE_SCALE}
        ORDER BY label.item_id, label.rater_id, label.id DESC
    ),
    placed AS (
        SELECT item.query_id, rater.name, said.* FROM said JOIN corpus_item item ON item.id = said.item_id
        JOIN corpus_query query ON query.id = item.query_id
        JOIN annotate_rater rater ON rater.id = said.rater_id
        WHERE (%(split)s::varchar IS NULL OR query.split = %(split)s)
          AND (%(items)s::bigint[] IS NULL OR item.id = ANY(%(items)s))
    )
    SELECT one.query_id, array_position(%(values)s, one.grade) - 1,
           array_position(%(values)s, other.grade) - 1, count(*),
           (SELECT count(DISTINCT item_id) FROM placed), (SELECT count(DISTINCT rater_id) FROM placed)
    FROM placed one JOIN placed other
      ON other.item_id = one.item_id AND other.name COLLATE "C" > one.name COLLATE "C"
    GROUP BY 1, 2, 3
"""


class Ceiling(NamedTuple):
    """Agreement between people, over all pairs of raters with a grade on the same item."""

    figures: Figures
    n_items: int  # items with the grades of two people or more
    n_raters: int

    @property
    def agreement(self) -> Agreement:
        return self.figures.agreement

    @property
    def n_pairs(self) -> int:
        return self.agreement.n_graded


def ceiling(project: Project, *, scope: Scope) -> Ceiling | None:
    """How far two people of this project agree, with intervals over queries; None without such items.

    For every item, each pair of its raters' current grades is one comparison ("cannot judge" is no grade);
    the counts of all pairs are pooled, so an item with more raters weighs more. Of a pair, the rater
    whose name comes first stands in the reference's place, which matters to Cohen's κ alone, and there
    little.
    """
    key = scope.key(project, "ceiling", label_mark(project))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        known = {key: _make(project, scope)}
        CachedFigures.objects.remember(project, known)
    stored = known[key]
    if not stored:
        return None
    return Ceiling(figures_from_json(stored["figures"]), stored["n_items"], stored["n_raters"])


def _make(project: Project, scope: Scope) -> dict[str, Any]:
    pairs = _pairs(project, scope)
    counts = _count(pairs, scope)
    if counts is None:
        return {}
    agreement = summarise(
        counts, None, values=scope.values, cut=scope.cut, replicates=scope.replicates, seed=scope.seed
    )
    figures = Figures(agreement, counts.sum(axis=0).tolist(), {}, None)
    return {"figures": figures_as_json(figures), "n_items": pairs[0][4], "n_raters": pairs[0][5]}


def count_pairs(project: Project, scope: Scope) -> Counts | None:
    """How often one of two people said h and the other j, by query (Q, K, K + 3); None without such items."""
    return _count(_pairs(project, scope), scope)


def _count(pairs: list[tuple], scope: Scope) -> Counts | None:
    if not pairs:
        return None
    cells = np.array([row[:4] for row in pairs], dtype=np.int64)
    cells[:, 0], queries = place_queries(cells[:, 0])
    return count_array(cells, n_queries=len(queries), n_grades=len(scope.values))


def _pairs(project: Project, scope: Scope) -> list[tuple]:
    raters = list(project.raters.values_list("pk", flat=True))
    if len(raters) < 2:
        return []
    items = references_in(project.pk, scope).items.tolist() if scope.slice else None
    parameters = {
        "project": project.pk,
        "raters": raters,
        "values": list(scope.values),
        "split": scope.split,
        "items": items,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        cursor.execute(PAIRS, parameters)
        return cursor.fetchall()
