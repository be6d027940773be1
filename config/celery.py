"""The Celery app. `celery -A config.celery worker -Q judging,jobs` starts a worker.

It becomes the default app of every thread: `corpus.jobs.enqueue` sends through `current_app`, and a web
server's threads would otherwise get an unconfigured one.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("concord")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("tasks.work", "tasks.sweep", "tasks.schedules", "tasks.stopping")
app.set_default()
