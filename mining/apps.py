from django.apps import AppConfig

from corpus.signals import project_deleting


class MiningApp(AppConfig):
    """Hard negatives: pools, rules over scores, what goes to people."""

    name = "mining"

    def ready(self) -> None:
        project_deleting.connect(drop_vector_indexes)


def drop_vector_indexes(sender: type, *, project, **kwargs) -> None:
    """Each embedding of a project has an index of its own, which goes with it."""
    from mining.vectors import drop_index

    for embedding in project.embeddings.all():
        drop_index(embedding)
