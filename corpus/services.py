"""Services of the corpus that several doors share."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from corpus.audit import record
from corpus.models import ItemSet, Membership, Project, Role, Rubric, User
from corpus.models.audit import Verb
from corpus.proven_keys import check_again, skip_while_unshared
from corpus.signals import reference_rule_changed
from corpus.variants import no_variant


@transaction.atomic
def create_project(name: str, *, slug: str = "", by: User | None = None, description: str = "") -> Project:
    """Make a project with the default rubric (0–3, cut 2); its maker becomes the owner."""
    project = Project.objects.create(
        name=name, slug=slug or slugify(name) or "project", description=description, created_by=by
    )
    Rubric.objects.create(project=project)
    if by is not None:
        Membership.objects.create(project=project, user=by, role=Role.OWNER)
    record(Verb.PROJECT_MADE, project, project=project, by=by)
    return project


@transaction.atomic
def save_project(project: Project, *, changed: Collection[str]) -> None:
    """Store changed settings; a changed reference rule makes the project's references again."""
    project.save(update_fields=changed)
    if changed:
        told = {name: getattr(project, name) for name in ("reference_rule", "may_leave") if name in changed}
        record(Verb.SETTINGS_CHANGED, project=project, changed=", ".join(sorted(changed)), **told)
    if "reference_rule" in changed:
        reference_rule_changed.send(Project, project=project)


def freeze_rubric(rubric: Rubric) -> None:
    """Mark the rubric as in use; from now on its scale cannot change."""
    if rubric.frozen_at is None:
        rubric.frozen_at = timezone.now()
        rubric.save(update_fields=["frozen_at"])


@transaction.atomic
def freeze_all_items(project: Project) -> ItemSet:
    """The item set of all plain items the project has now, queries together; an equal one is used again.

    Variants are left out: they are reached by the item sets that were made with them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(i.id), 0) FROM corpus_item i"
            " JOIN corpus_query q ON q.id = i.query_id WHERE q.project_id = %s AND i.rival_id IS NULL"
            f" AND {no_variant('i.id')}",
            [project.pk],
        )
        n_items, last_item = cursor.fetchone()
        made_from = {"rule": "all", "last_item": last_item, "n_items": n_items}
        existing = project.item_sets.filter(made_from=made_from).first()
        if existing:
            return existing
        number = project.item_sets.filter(made_from__rule="all").count() + 1
        item_set = ItemSet.objects.create(
            project=project,
            name=f"All items, {timezone.now():%Y-%m-%d}" + (f" ({number})" if number > 1 else ""),
            made_from=made_from,
            n_items=n_items,
        )
        skipping = skip_while_unshared(cursor, project.pk)
        cursor.execute(
            "INSERT INTO corpus_itemsetentry (item_set_id, position, item_id)"
            " SELECT %s, row_number() OVER (ORDER BY i.query_id, i.id), i.id FROM corpus_item i"
            " JOIN corpus_query q ON q.id = i.query_id WHERE q.project_id = %s AND i.rival_id IS NULL"
            f" AND {no_variant('i.id')}",
            [item_set.pk, project.pk],
        )
        if skipping:
            check_again(cursor)
    return item_set


@transaction.atomic
def freeze_items(
    project: Project,
    items: Sequence[int],
    *,
    name: str,
    made_from: Mapping[str, Any],
    priorities: Sequence[float] | None = None,
    besides: Sequence[int | None] | None = None,
) -> ItemSet:
    """An item set of these items of the project, those of a query together, in the order given otherwise.

    `besides` are candidates shown beside the items while people label; `made_from` then says "beside".
    ValueError when one of the items is not one of the project.
    """
    weights = list(priorities) if priorities is not None else [None] * len(items)
    shown = list(besides) if besides is not None else [None] * len(items)
    if besides is not None:
        made_from = dict(made_from) | {"beside": True}
    item_set = ItemSet.objects.create(
        project=project, name=name, made_from=dict(made_from), n_items=len(items)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO corpus_itemsetentry (item_set_id, position, item_id, priority, beside_id)"
            " SELECT %s, row_number() OVER (ORDER BY first, place), id, priority, beside FROM ("
            "   SELECT wanted.*, min(wanted.place) OVER (PARTITION BY item.query_id) AS first"
            "   FROM unnest(%s::bigint[], %s::float8[], %s::bigint[])"
            "   WITH ORDINALITY AS wanted (id, priority, beside, place)"
            "   JOIN corpus_item item ON item.id = wanted.id"
            "   JOIN corpus_query query ON query.id = item.query_id AND query.project_id = %s"
            " ) placed",
            [item_set.pk, list(items), weights, shown, project.pk],
        )
        if cursor.rowcount != len(items):
            raise ValueError("Every item of a set must be one of the project, once.")
    return item_set
