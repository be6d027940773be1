from django.apps import AppConfig


class TasksApp(AppConfig):
    """Celery tasks: thin doors to services."""

    name = "tasks"
