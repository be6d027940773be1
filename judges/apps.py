from django.apps import AppConfig


class JudgesApp(AppConfig):
    """What models do: engines, prompts, judges, runs, verdicts."""

    name = "judges"
