from django.apps import AppConfig
from django.core.checks import Tags, register

from corpus.signals import project_deleting
from mining.checks import check_pgvector


class MiningApp(AppConfig):
    """Hard negatives: pools, rules over scores, what goes to people."""

    name = "mining"

    def ready(self) -> None:
        project_deleting.connect(drop_vector_indexes)
        register(check_pgvector, Tags.database)


def drop_vector_indexes(sender: type, *, project, **kwargs) -> None:
    """Each embedding of a project has an index of its own, which goes with it."""
    from mining.vectors import drop_index

    for embedding in project.embeddings.all():
        drop_index(embedding)
