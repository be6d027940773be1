from django.apps import AppConfig


class CorpusApp(AppConfig):
    """What is judged: projects, queries, candidates, items, references, jobs."""

    name = "corpus"
