"""A worker that is told to stop does so within seconds, whatever it works on."""

from celery.signals import worker_shutting_down

from corpus.leaving import leave


@worker_shutting_down.connect
def stop_work(**_kwargs) -> None:
    """Let the jobs at hand be given back half done; Celery alone would see each through to its end."""
    leave()
