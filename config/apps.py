from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Home of the commands that concern the whole house, such as `demo`."""

    name = "config"

    def ready(self) -> None:
        """Make ours the Celery app of this process, web server and commands included (see config.celery)."""
        from config import celery  # noqa: F401
