"""The sweep hints at jobs that have work and no worker, and leaves the others alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from corpus.models import Job
from tasks import sweep as sweeping
from tasks.sweep import sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def hints(monkeypatch):
    sent = []
    monkeypatch.setattr(sweeping, "send_hint", lambda job_id, *, queue: sent.append((job_id, queue)))
    return sent


def make_job(project, *, kind="judge", age=60.0, **fields) -> Job:
    job = Job.objects.create(project=project, kind=kind, **fields)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(seconds=age))
    return job


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


def test_a_queued_job_whose_hint_got_lost_is_found_once_a_minute(project, hints):
    job = make_job(project)
    assert sweep() == [job.pk]
    assert sweep() == []
    Job.objects.filter(pk=job.pk).update(retry_at=ago(1))
    assert sweep() == [job.pk]
    assert hints == [(job.pk, "judging"), (job.pk, "judging")]


def test_a_new_job_is_left_to_its_own_hint(project, hints):
    make_job(project, age=0)
    assert sweep() == []


def test_each_kind_goes_to_its_queue(project, hints):
    judging, importing = make_job(project), make_job(project, kind="import")
    sweep()
    assert dict(hints) == {judging.pk: "judging", importing.pk: "jobs"}


def test_a_waiting_run_is_queued_when_its_next_try_has_come(project, hints):
    later = make_job(project, state="waiting", retry_at=timezone.now() + timedelta(seconds=30))
    due = make_job(project, state="waiting", retry_at=ago(1))
    assert sweep() == [due.pk]
    assert Job.objects.get(pk=due.pk).state == "queued"
    assert Job.objects.get(pk=later.pk).state == "waiting"


def test_running_jobs_are_found_only_without_a_heartbeat(project, hints):
    make_job(project, state="running", heartbeat_at=ago(3))
    make_job(project, kind="import", state="running", heartbeat_at=ago(30))
    dead_run = make_job(project, state="running", heartbeat_at=ago(30))
    dead_import = make_job(project, kind="import", state="running", heartbeat_at=ago(90))
    assert sorted(sweep()) == [dead_run.pk, dead_import.pk]


@pytest.mark.parametrize("state", ["paused", "done", "cancelled", "failed"])
def test_jobs_that_have_no_work_now_are_left_alone(project, hints, state):
    make_job(project, state=state, heartbeat_at=ago(1000))
    assert sweep() == []


def test_every_kind_of_job_is_found_with_the_same_number_of_queries(
    project, hints, django_assert_num_queries
):
    for _ in range(5):
        make_job(project)
    with django_assert_num_queries(1):
        assert len(sweep()) == 5
