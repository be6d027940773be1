from django.apps import AppConfig


class AnnotateApp(AppConfig):
    """What people do: rounds, labels, the labelling screen."""

    name = "annotate"
