"""Dawid–Skene over all labels of a project: estimated in a job, as every label bears on every item.

`remake_consensus` stores the likeliest grade of each item and makes the references from it. Until it has run
again, items that were labelled since keep their grade of before, or the majority's where they had none.
Variants are not estimated, as attacked texts say little of how people grade: theirs is the majority's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from annotate.references import ON_THE_SCALE, lock_references, refresh_references
from corpus.jobs import Progress, do_exclusively, enqueue
from corpus.models import Item, Job, Project
from corpus.variants import no_variant
from measures.dawid_skene import DawidSkene, dawid_skene

BIG = 20_000
"""Items from which on a changed rule is a job of its own and not part of the request."""

ROWS_AT_ONCE = 50_000

LABELS = f"""
    SELECT DISTINCT ON (label.item_id, label.rater_id) label.item_id, label.rater_id,
           array_position(%(values)s::int[], label.grade::int) - 1
    FROM annotate_label label
    WHERE label.rater_id = ANY(%(raters)s) AND label.superseded_at IS NULL AND label.gold_grade IS NULL
      AND label.grade = ANY(%(values)s) AND {ON_THE_SCALE} AND {no_variant("label.item_id")}
    ORDER BY label.item_id, label.rater_id, label.id DESC
"""


def apply_rule(project: Project) -> Job | None:
    """Make all references by the project's (new) rule: at once, or for a big project in a job."""
    if Item.objects.for_project(project)[: BIG + 1].count() <= BIG:
        remake_at_once(project)
        return None
    job = Job.objects.create(project=project, kind=Job.Kind.REFERENCES, unit="items")
    enqueue(job)
    return job


def remake_at_once(project: Project) -> None:
    """Make all references again in this process; an estimate leaves its ended job, with what it found."""
    started_at = timezone.now()
    result = remake_references(project)
    if result:
        n_items = result["n_items"]
        Job.objects.create(
            project=project,
            kind=Job.Kind.REFERENCES,
            state=Job.State.DONE,
            unit="items",
            n_total=n_items,
            n_done=n_items,
            result=result,
            started_at=started_at,
            finished_at=timezone.now(),
        )


def remake_references(project: Project) -> dict[str, Any]:
    """Make all references of the project again, after estimating where its rule is Dawid–Skene."""
    if project.reference_rule == Project.ReferenceRule.DAWID_SKENE:
        return remake_consensus(project)
    refresh_references(project)
    return {}


def run_references(job_id: int, *, on_update=None) -> Job | None:
    """Do the job; returns it ended, or None if somebody else has it."""
    return do_exclusively(job_id, _work, on_update=on_update)


def _work(job: Job, progress: Progress) -> dict[str, Any]:
    project = Project.objects.get(pk=job.project_id)
    progress.update(note="Making the references")
    result = remake_references(project)
    progress.update(n_done=result.get("n_items", 0), n_total=result.get("n_items", 0))
    return result


@transaction.atomic
def remake_consensus(project: Project) -> dict[str, Any]:
    """Estimate again, store every item's likeliest grade, and make the references from it.

    Returns what the pages show: n_items, n_labels, n_rounds, has_converged, and each rater's confusion
    matrix by id, rows the estimated grade, columns what they say.
    """
    lock_references(project.pk)
    values = project.rubric.values
    items, raters, found = _estimate(project, values)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM annotate_consensus made USING corpus_item item, corpus_query query"
            " WHERE item.id = made.item_id AND query.id = item.query_id AND query.project_id = %s",
            [project.pk],
        )
        best = found.posteriors.argmax(axis=1)
        with cursor.copy("COPY annotate_consensus (item_id, grade, chance) FROM STDIN") as copy:
            for item, position, chances in zip(items.tolist(), best.tolist(), found.posteriors, strict=True):
                copy.write_row((item, values[position], float(chances[position])))
    refresh_references(project)
    return {
        "n_items": len(items),
        "n_rounds": found.n_rounds,
        "has_converged": found.has_converged,
        "values": values,
        "confusions": {
            str(rater): [[round(float(chance), 4) for chance in row] for row in confusion]
            for rater, confusion in zip(raters.tolist(), found.confusions, strict=True)
        },
    }


def _estimate(project: Project, values: Sequence[int]) -> tuple[np.ndarray, np.ndarray, DawidSkene]:
    """Ids of labelled items and of raters, and what Dawid–Skene makes of their labels."""
    raters = list(project.raters.values_list("pk", flat=True))
    keys = {"project": project.pk, "values": list(values), "raters": raters}
    blocks = [np.empty((0, 3), dtype=np.int64)]
    with connection.cursor() as cursor:
        cursor.execute(LABELS, keys)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            blocks.append(np.array(rows, dtype=np.int64))
    labels = np.concatenate(blocks)
    items, item = np.unique(labels[:, 0], return_inverse=True)
    raters, rater = np.unique(labels[:, 1], return_inverse=True)
    sizes = {"n_items": len(items), "n_raters": len(raters), "n_grades": len(values)}
    return items, raters, dawid_skene(item, rater, labels[:, 2], **sizes)
