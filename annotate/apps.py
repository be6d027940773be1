from django.apps import AppConfig

from corpus.signals import reference_rule_changed


class AnnotateApp(AppConfig):
    """What people do: rounds, labels, the labelling screen."""

    name = "annotate"

    def ready(self) -> None:
        reference_rule_changed.connect(remake_references)


def remake_references(sender: type, *, project, **kwargs) -> None:
    """A project's new reference rule applies to the labels it has already."""
    from annotate.references import refresh_references

    refresh_references(project)
