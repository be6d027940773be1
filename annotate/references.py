"""The one human grade of an item: adjudicated, or else made from its current labels by the project's rule.

Called in the transaction that changes the labels or adjudicates. An adjudicated grade always wins; an item
that was adjudicated as one that cannot be judged has no Reference row. A label without a grade (cannot judge)
has no say; an item whose labels give no grade (none, or a tie under the majority rule) has no row either.

Two people who label one item at the same moment must see each other's label: `save_label` locks the item's
row and shares the project's lock (`share_references`); bulk changes take that lock for themselves.
"""

from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise

from django.db import connection, transaction
from django.utils import timezone

from corpus.models import Job, Project

LOCK_CLASS = 7402  # the first key of this room's advisory locks; the second is the project

# Grades lie between 0 and 99, so `votes × 100 + grade` orders by votes, then by grade. The highest and the
# lowest grade among those with the most votes are the same one unless there is a tie.
MAJORITY = """
    SELECT item_id, query_id, max(n * 100 + grade) %% 100 AS grade, sum(n) AS n_labels
    FROM (
        SELECT chosen.item_id, chosen.query_id, label.grade, count(*) AS n
        FROM chosen JOIN counted label ON label.item_id = chosen.item_id
        GROUP BY chosen.item_id, chosen.query_id, label.grade
    ) votes
    GROUP BY item_id, query_id
    HAVING max(n * 100 + grade) %% 100 = 99 - max(n * 100 + 99 - grade) %% 100
"""

# The nearest grade of the rubric, the upper one of two that are equally near. On a scale without gaps
# that is the mean rounded half up.
MEAN = """
    SELECT chosen.item_id, chosen.query_id,
           (%(values)s::int[])[1 + width_bucket(avg(label.grade), %(middles)s::numeric[])] AS grade,
           count(*) AS n_labels
    FROM chosen JOIN counted label ON label.item_id = chosen.item_id
    GROUP BY chosen.item_id, chosen.query_id
"""

# What was estimated when `annotate.consensus` last ran; the majority for items labelled since.
DAWID_SKENE = f"""
    SELECT chosen.item_id, chosen.query_id, made.grade, count(*) AS n_labels
    FROM chosen JOIN annotate_consensus made USING (item_id)
    JOIN counted label ON label.item_id = chosen.item_id
    GROUP BY chosen.item_id, chosen.query_id, made.grade
    UNION ALL
    SELECT most.item_id, most.query_id, most.grade, most.n_labels FROM ({MAJORITY}) most
    WHERE NOT EXISTS (SELECT FROM annotate_consensus made WHERE made.item_id = most.item_id)
"""
RULES = {
    Project.ReferenceRule.MAJORITY: MAJORITY,
    Project.ReferenceRule.MEAN: MEAN,
    Project.ReferenceRule.DAWID_SKENE: DAWID_SKENE,
}
SETTLING = timedelta(seconds=30)
"""Labels that come one after the other within this time are one estimate."""

# Labels that have a say: current grades, but no answers to gold items and none on another scale.
MAIN_RUBRIC = "(SELECT min(own.id) FROM corpus_rubric own WHERE own.project_id = %(project)s)"
ON_OTHER_SCALES = f"""
    SELECT apart.id FROM annotate_round apart
    WHERE apart.project_id = %(project)s AND apart.rubric_id <> {MAIN_RUBRIC}
"""
ON_THE_SCALE = f"(label.round_id IS NULL OR label.round_id NOT IN ({ON_OTHER_SCALES}))"
REFRESH = """
    WITH chosen AS ({chosen}),
    counted AS NOT MATERIALIZED (
        SELECT label.item_id, label.grade FROM annotate_label label
        WHERE label.superseded_at IS NULL AND label.grade IS NOT NULL AND label.gold_grade IS NULL
          AND {on_the_scale}
    ),
    wanted AS (
        SELECT ruled.item_id, ruled.query_id, ruled.grade, ruled.n_labels FROM ({rule}) ruled
        WHERE NOT EXISTS (
            SELECT FROM annotate_adjudication decided
            WHERE decided.item_id = ruled.item_id AND decided.superseded_at IS NULL
        )
        UNION ALL
        SELECT chosen.item_id, chosen.query_id, decided.grade, (
            SELECT count(*) FROM counted label WHERE label.item_id = chosen.item_id
        )
        FROM chosen JOIN annotate_adjudication decided ON decided.item_id = chosen.item_id
        WHERE decided.superseded_at IS NULL AND decided.grade IS NOT NULL
    ),
    removed AS (
        DELETE FROM corpus_reference old USING chosen
        WHERE old.item_id = chosen.item_id
          AND NOT EXISTS (SELECT FROM wanted WHERE wanted.item_id = old.item_id)
        RETURNING old.item_id
    ),
    written AS (
        INSERT INTO corpus_reference AS old (item_id, query_id, grade, n_labels, updated_at)
        SELECT item_id, query_id, grade, n_labels, now() FROM wanted ORDER BY item_id
        ON CONFLICT (item_id) DO UPDATE
            SET grade = excluded.grade, n_labels = excluded.n_labels, updated_at = excluded.updated_at
            WHERE (old.grade, old.n_labels) <> (excluded.grade, excluded.n_labels)
        RETURNING old.item_id
    )
    UPDATE corpus_project SET reference_version = reference_version + 1
    WHERE id = %(project)s AND (EXISTS (SELECT FROM written) OR EXISTS (SELECT FROM removed))
"""


@transaction.atomic(savepoint=False)
def refresh_references(project: Project, item_ids: Collection[int] | None = None) -> bool:
    """Remake the references of these items of the project (of all its items when None).

    Returns whether any reference changed; then the project's reference version grew by one.
    """
    if item_ids is None:
        lock_references(project.pk)
        chosen = (
            "SELECT item.id AS item_id, item.query_id FROM corpus_item item"
            " JOIN corpus_query query ON query.id = item.query_id"
            " WHERE query.project_id = %(project)s AND item.rival_id IS NULL"
        )
    else:
        chosen = "SELECT id AS item_id, query_id FROM corpus_item WHERE id = ANY(%(items)s)"
        estimate_again(project)
    return _refresh(project, chosen, {"items": list(item_ids or [])})


@transaction.atomic(savepoint=False)
def refresh_preferences(project: Project, item_ids: Collection[int]) -> bool:
    """Remake the references of these pairs: always by majority, as a preference has no mean.

    Every label of a pair is a preference, whichever round it is from.
    """
    chosen = "SELECT id AS item_id, query_id FROM corpus_item WHERE id = ANY(%(items)s)"
    params = {"project": project.pk, "items": list(item_ids)}
    return _write(REFRESH.format(chosen=chosen, rule=MAJORITY, on_the_scale="true"), params)


@transaction.atomic(savepoint=False)
def refresh_references_in(project: Project, *, table: str) -> bool:
    """Remake the references of the items in a (temporary) table that has a column `item_id`.

    For bulk changes of labels: a million items are one statement. The table may name an item twice.
    Waits for labels that are being saved in the project, and holds back new ones until the commit.
    """
    lock_references(project.pk)
    quoted = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {quoted}")
    estimate_again(project)
    chosen = (
        f"SELECT item.id AS item_id, item.query_id FROM (SELECT DISTINCT item_id FROM {quoted}) named"
        " JOIN corpus_item item ON item.id = named.item_id"
    )
    return _refresh(project, chosen, {})


def estimate_again(project: Project) -> None:
    """Under the Dawid–Skene rule, have a job estimate all grades again soon; one that waits will do."""
    if project.reference_rule != Project.ReferenceRule.DAWID_SKENE:
        return
    of_project = Job.objects.filter(project=project, kind=Job.Kind.REFERENCES)
    if not of_project.filter(state__in=[Job.State.QUEUED, Job.State.WAITING]).exists():
        Job.objects.create(
            project=project,
            kind=Job.Kind.REFERENCES,
            state=Job.State.WAITING,
            retry_at=timezone.now() + SETTLING,
            unit="items",
            note="Waits for more labels.",
        )


def share_references(project_id: int) -> None:
    """Let other people's saves go on beside this transaction, but no bulk change of labels. Lock it first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK_CLASS, project_id])


def lock_references(project_id: int) -> None:
    """Wait for labels and adjudications that are being saved, and hold back new ones until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, project_id])


def _refresh(project: Project, chosen: str, params: dict) -> bool:
    params["project"] = project.pk
    if project.reference_rule == Project.ReferenceRule.MEAN:
        values = project.rubric.values
        params["values"] = values
        params["middles"] = [(low + high) / 2 for low, high in pairwise(values)]
    rule = RULES[project.reference_rule]
    return _write(REFRESH.format(chosen=chosen, rule=rule, on_the_scale=ON_THE_SCALE), params)


def _write(statement: str, params: dict) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount == 1
