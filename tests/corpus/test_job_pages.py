from datetime import timedelta

import pytest
from django.utils import timezone

from corpus.models import Job


@pytest.fixture
def job(project):
    now = timezone.now()
    return Job.objects.create(
        project=project,
        kind=Job.Kind.IMPORT,
        state=Job.State.RUNNING,
        n_done=1500,
        n_total=6000,
        note="Reading rows",
        started_at=now - timedelta(seconds=10),
        heartbeat_at=now,
    )


def test_a_running_job_tells_its_speed_and_the_time_left(client_of, bob, job):
    page = client_of(bob).get(f"/p/soil/jobs/{job.pk}/").content.decode()
    assert "1,500" in page
    assert "of 6,000 rows" in page
    assert ">150</dd>" in page  # 1,500 rows in 10 seconds
    assert "30 s" in page  # 4,500 rows left at 150 a second
    assert '<progress class="bar is-running" max="6000" value="1500"' in page


def test_the_progress_is_fetched_while_there_is_some_and_no_longer(client_of, bob, job):
    client = client_of(bob)
    url = f"/p/soil/jobs/{job.pk}/progress/"
    fragment = client.get(url).content.decode()
    assert fragment.strip().startswith('<section id="job-progress"')
    assert 'hx-trigger="every 1s"' in fragment
    Job.objects.update(state=Job.State.DONE, finished_at=timezone.now())
    fragment = client.get(url).content.decode()
    assert "hx-get" not in fragment
    assert "Done" in fragment


def test_a_job_is_cancelled_and_tried_again(client_of, bob, job):
    client = client_of(bob)
    client.post(f"/p/soil/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    client.post(f"/p/soil/jobs/{job.pk}/retry/")
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_what_has_ended_cannot_be_cancelled(client_of, bob, job):
    Job.objects.update(state=Job.State.DONE)
    page = client_of(bob).post(f"/p/soil/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert "had ended already" in page


def test_a_failed_job_says_why_as_text(client_of, bob, job):
    Job.objects.update(state=Job.State.FAILED, error="Line 7: <b>no</b>")
    page = client_of(bob).get(f"/p/soil/jobs/{job.pk}/").content.decode()
    assert "Line 7: &lt;b&gt;no&lt;/b&gt;" in page
    assert "Try again" in page


def test_the_list_goes_back_through_all_jobs_at_a_constant_cost(
    client_of, bob, project, django_assert_num_queries
):
    for _ in range(70):
        Job.objects.create(project=project, kind=Job.Kind.EXPORT, created_by=bob)
    client = client_of(bob)
    with django_assert_num_queries(5):  # session, user, project, role, jobs
        first = client.get("/p/soil/jobs/").context["page"]
    second = client.get("/p/soil/jobs/", {"before": first.older}).context["page"]
    assert [len(first.rows), len(second.rows)] == [50, 20]
    assert {job.pk for job in first.rows + second.rows} == set(Job.objects.values_list("pk", flat=True))
    assert second.older is None


def test_another_projects_job_is_out_of_reach(client_of, charlie, job):
    from corpus.services import create_project

    create_project("Other", slug="other", by=charlie)
    assert client_of(charlie).get(f"/p/other/jobs/{job.pk}/").status_code == 404
    assert client_of(charlie).post(f"/p/other/jobs/{job.pk}/cancel/").status_code == 404
