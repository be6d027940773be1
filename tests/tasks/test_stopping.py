"""A worker that is told to stop gives its work back at once, for the next one to take up at once."""

import pytest

from corpus import jobs, leaving
from corpus.jobs import do_exclusively
from corpus.models import Job
from judges.models import Run, Shard, Verdict
from judges.running import work_on_run
from judges.services import runs, start_run

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(monkeypatch):
    """What the worker's processes share, here a byte of the test's own."""
    byte = bytearray(1)
    monkeypatch.setattr(leaving, "_told", byte)
    return leaving.leave


@pytest.fixture
def hints(monkeypatch):
    sent = []
    for module in ("corpus.jobs", "judges.running"):
        monkeypatch.setattr(f"{module}.send_hint", lambda job_id, *, queue: sent.append((job_id, queue)))
    return sent


@pytest.mark.services
def test_a_worker_that_is_told_to_stop_gives_its_run_to_the_next_one(
    project, judge, make_items, stub, make_worker, wait_until, monkeypatch
):
    monkeypatch.setitem(runs.SHARD_ITEMS, "openai", 500)
    make_items(project, 30, 40)
    stub.delay = 0.1
    run = start_run(judge)
    worker = make_worker()
    worker.start(n_processes=2)

    def has_verdicts() -> bool:
        return Verdict.objects.filter(run=run).count() > 50

    wait_until(has_verdicts)
    worker.stop(within=60)
    n_kept = Verdict.objects.filter(run=run).count()
    assert n_kept < 1200
    assert Job.objects.get(pk=run.job_id).state == Job.State.QUEUED
    assert not run.shards.filter(state=Shard.State.LEASED).exists()

    stub.delay = 0
    worker.start(n_processes=2)

    def is_done() -> bool:
        return Job.objects.get(pk=run.job_id).state == Job.State.DONE

    wait_until(is_done)
    assert Verdict.objects.filter(run=run).count() == 1200
    assert set(stub.asked.values()) == {1}


def test_a_run_ends_after_the_chunk_at_hand(project, judge, make_items, told, hints):
    make_items(project, 30, 40)
    run = start_run(judge)
    hints.clear()
    work_on_run(run, on_update=lambda _: told())
    run.refresh_from_db()
    assert 0 < run.n_done < 1200
    assert Job.objects.get(pk=run.job_id).state == Job.State.QUEUED
    assert set(run.shards.values_list("state", flat=True)) == {Shard.State.OPEN}
    assert hints[-1] == (run.job_id, "judging")


def test_a_run_that_another_worker_is_at_goes_on_there(project, judge, make_items, told, hints):
    make_items(project, 30, 40)
    run = start_run(judge)

    def another_holds_a_shard(_: Run) -> None:
        other = run.shards.order_by("number").last()
        run.shards.filter(pk=other.pk).update(state=Shard.State.LEASED, leased_until="2999-01-01T00:00Z")
        told()

    work_on_run(run, on_update=another_holds_a_shard)
    assert Job.objects.get(pk=run.job_id).state == Job.State.RUNNING


def test_an_import_or_export_starts_again_elsewhere(project, told, hints):
    job = Job.objects.create(project=project, kind=Job.Kind.IMPORT)

    def work(job: Job, progress: jobs.Progress) -> dict:
        told()
        progress.update(n_done=1, note="Reading")
        raise AssertionError("the work went on")

    do_exclusively(job.pk, work)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert hints == [(job.pk, "jobs")]


def test_a_worker_that_leaves_takes_no_more_work(project, judge, make_items, told):
    make_items(project, 1, 2)
    run = start_run(judge)
    told()
    work_on_run(run)
    exclusive = Job.objects.create(project=project, kind=Job.Kind.IMPORT)
    assert do_exclusively(exclusive.pk, lambda *_: pytest.fail("it worked")) is None
    assert set(project.jobs.values_list("state", flat=True)) == {Job.State.QUEUED}
