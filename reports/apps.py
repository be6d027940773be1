from django.apps import AppConfig


class ReportsApp(AppConfig):
    """Pages and commands that compare judges with people."""

    name = "reports"
