from django.apps import AppConfig

from corpus.signals import project_deleting


class ExchangeApp(AppConfig):
    """Files in and out."""

    name = "exchange"

    def ready(self) -> None:
        project_deleting.connect(forget_files)


def forget_files(sender: type, *, project, **kwargs) -> None:
    """A project's uploaded and exported files go with it."""
    from exchange import tidying

    tidying.forget_files(project)
