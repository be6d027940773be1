"""One message, "job N has work", for every kind of job; a second one finds nothing to do."""

import threading

import pytest
from celery import current_app

from corpus import jobs
from corpus.models import Job
from tasks.work import work_on_job

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "door"),
    [
        ("import", "exchange.importing.run_import"),
        ("export", "exchange.exporting.run_export"),
        ("read", "judges.second_reading.run_second_reading"),
        ("mine", "mining.pooling.run_pool"),
    ],
)
def test_each_kind_of_job_goes_to_its_own_service(project, monkeypatch, kind, door):
    asked = []
    pytest.importorskip(door.rpartition(".")[0])
    monkeypatch.setattr(door, asked.append)
    job = Job.objects.create(project=project, kind=kind)
    work_on_job(job.pk)
    assert asked == [job.pk]


def test_a_message_for_a_job_that_is_gone_does_nothing(db):
    work_on_job(123456)


def test_the_configured_app_sends_hints_from_any_thread():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(current_app.main))
    thread.start()
    thread.join()
    assert seen == ["concord"]


def test_a_broker_that_is_away_costs_no_job(project, use_broker, caplog):
    use_broker("redis://127.0.0.1:1/0")
    job = Job.objects.create(project=project, kind="judge")
    jobs.send_hint(job.pk, queue=job.queue)
    assert "waits for the sweep" in caplog.text
    assert Job.objects.get(pk=job.pk).state == "queued"
