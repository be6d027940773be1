"""Deleting a whole project: table by table with SQL, so that ten million rows are never loaded."""

from django.apps import apps
from django.db import connection, models, transaction

from corpus.audit import record
from corpus.models import Project
from corpus.models.audit import Verb
from corpus.signals import project_deleting

Model = type[models.Model]


@transaction.atomic
def delete_project(project: Project) -> None:
    """Delete the project and everything that belongs to it, tables that point at others first.

    What belongs to a project is read off the models, so that the rooms above need no mention here. Waits
    for an import that is writing. Foreign keys are not checked again where this database role may say so:
    every table that points at a deleted row has been cleared of the project, and some keys have no index
    to check them by. Of its audit log one entry of the site is left: who deleted it.
    """
    project_deleting.send(Project, project=project)
    record(Verb.PROJECT_DELETED, project, slug=project.slug)
    conditions = _conditions()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('concord-collection'), %s)", [project.pk])
        cursor.execute("SELECT set_config('concord.deleting_project', %s, true)", [str(project.pk)])
        if _nobody_points_in(set(conditions)):
            cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
            if cursor.fetchone()[0]:
                cursor.execute("SET LOCAL session_replication_role = replica")
        for model in _pointing_first(set(conditions)):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"DELETE FROM {table} WHERE {conditions[model]}", [project.pk])


def _foreign_keys(model: Model) -> list[models.ForeignKey]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def _nobody_points_in(owned: set[Model]) -> bool:
    """Whether only models that belong to a project point at such models."""
    others = set(apps.get_models(include_auto_created=True)) - owned
    return not any(field.related_model in owned for model in others for field in _foreign_keys(model))


def _conditions() -> dict[Model, str]:
    """For every model that belongs to a project: which of its rows do, as SQL with one parameter."""
    quote = connection.ops.quote_name
    conditions: dict[Model, str] = {Project: "id = %s"}
    n_known = 0
    while n_known < len(conditions):
        n_known = len(conditions)
        for model in apps.get_models(include_auto_created=True):
            if model in conditions:
                continue
            for field in _foreign_keys(model):
                owner = field.related_model
                if owner in conditions and field.remote_field.on_delete is models.CASCADE:
                    ids = quote(owner._meta.pk.column)
                    owners = f"SELECT {ids} FROM {quote(owner._meta.db_table)} WHERE {conditions[owner]}"
                    conditions[model] = f"{quote(field.column)} IN ({owners})"
                    break
    return conditions


def _pointing_first(wanted: set[Model]) -> list[Model]:
    """The models in an order in which nobody points at one that stands earlier."""
    ordered: list[Model] = []
    while wanted:
        pointed_at = {
            field.related_model
            for model in wanted
            for field in _foreign_keys(model)
            if field.related_model is not model
        }
        free = wanted - pointed_at
        if not free:
            raise RuntimeError(f"Models point at each other in a circle: {wanted}")
        ordered += sorted(free, key=lambda model: model._meta.label)
        wanted = wanted - free
    return ordered
