"""Real workers, a real broker, and kill -9: in the end every item has exactly one verdict."""

import io
import json
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from corpus.models import Job
from judges.models import Run, Shard, Verdict
from judges.services import cancel_run, pause_run, resume_run, runs, start_run
from tasks.sweep import sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch):
    monkeypatch.setitem(runs.SHARD_ITEMS, "openai", 50)


def state(run: Run) -> str:
    return Job.objects.get(pk=run.job_id).state


def n_verdicts(run: Run) -> int:
    return Verdict.objects.filter(run=run).count()


def let_leases_run_out(run: Run) -> None:
    """What twenty seconds of waiting would do."""
    long_ago = timezone.now() - timedelta(hours=1)
    Shard.objects.filter(run=run, state="leased").update(leased_until=long_ago)
    Job.objects.filter(pk=run.job_id).update(heartbeat_at=long_ago, retry_at=None)


def assert_complete(run: Run, n_items: int) -> None:
    run.refresh_from_db()
    assert run.n_graded == n_items
    assert n_verdicts(run) == n_items
    assert Job.objects.get(pk=run.job_id).n_done == n_items
    assert not run.shards.exclude(state=Shard.State.DONE).exists()


def test_a_run_survives_kill_9_of_its_worker(project, judge, make_items, stub, make_worker, wait_until):
    make_items(project, 30, 40)
    stub.delay = 0.02
    run = start_run(judge)
    worker = make_worker()
    worker.start()
    for n_killed in (1, 2):

        def has_verdicts(n_killed=n_killed) -> bool:
            return n_verdicts(run) > 300 * n_killed

        wait_until(has_verdicts)
        worker.kill()
        n_kept = n_verdicts(run)
        assert state(run) == Job.State.RUNNING
        assert n_kept < 1200
        let_leases_run_out(run)
        sweep()
        worker.start()

    def is_done() -> bool:
        return state(run) == Job.State.DONE

    wait_until(is_done)
    assert_complete(run, 1200)
    n_asked_twice = sum(n > 1 for n in stub.asked.values())
    assert set(stub.asked) == {f"q{q}-{c}" for q in range(30) for c in range(40)}
    assert n_asked_twice < 2 * 100  # at most the shard in hand at each kill


def test_killing_one_process_of_a_worker_costs_nothing(
    project, judge, make_items, stub, make_worker, wait_until
):
    import psutil

    make_items(project, 20, 40)
    stub.delay = 0.02
    run = start_run(judge)
    worker = make_worker()
    worker.start(n_processes=2)

    def has_verdicts() -> bool:
        return n_verdicts(run) > 100

    wait_until(has_verdicts)
    psutil.Process(worker.process.pid).children()[0].kill()

    def the_rest_is_done() -> bool:
        return not run.shards.filter(state="open").exists()

    wait_until(the_rest_is_done)

    def is_done() -> bool:
        let_leases_run_out(run) if state(run) == Job.State.RUNNING else None
        sweep()
        return state(run) == Job.State.DONE

    wait_until(is_done)
    assert_complete(run, 800)


def test_a_frozen_worker_that_wakes_up_late_is_fenced_off(
    project, judge, make_items, stub, make_worker, wait_until
):
    make_items(project, 10, 40)
    stub.delay = 0.02
    run = start_run(judge)
    sleeper, other = make_worker(), make_worker()
    sleeper.start()

    def has_verdicts() -> bool:
        return n_verdicts(run) > 50

    wait_until(has_verdicts)
    sleeper.freeze()
    let_leases_run_out(run)
    sweep()
    other.start()

    def is_done() -> bool:
        return state(run) == Job.State.DONE

    wait_until(is_done)
    before = list(Verdict.objects.order_by("item").values_list("item_id", "grade", "created_at"))
    sleeper.thaw()

    def woke_and_found_nothing_to_do() -> bool:
        return "succeeded" in sleeper.log.read_text()

    wait_until(woke_and_found_nothing_to_do)
    assert list(Verdict.objects.order_by("item").values_list("item_id", "grade", "created_at")) == before
    assert_complete(run, 400)


def test_two_processes_share_a_run(project, judge, make_items, stub, make_worker, wait_until):
    make_items(project, 20, 40)
    stub.delay = 0.05
    run = start_run(judge)
    worker = make_worker()
    worker.start(n_processes=2)

    def two_shards_are_leased() -> bool:
        return run.shards.filter(state="leased").count() == 2

    wait_until(two_shards_are_leased)

    def is_done() -> bool:
        return state(run) == Job.State.DONE

    wait_until(is_done)
    assert_complete(run, 800)
    assert Counter(stub.asked.values()) == {1: 800}


def test_a_run_is_paused_resumed_and_cancelled_from_outside(
    project, judge, make_items, stub, make_worker, wait_until
):
    make_items(project, 30, 40)
    stub.delay = 0.05
    run = start_run(judge)
    make_worker().start()

    def has_verdicts() -> bool:
        return n_verdicts(run) > 60

    def nobody_holds_a_shard() -> bool:
        return not run.shards.filter(state="leased").exists()

    wait_until(has_verdicts)
    pause_run(run)
    wait_until(nobody_holds_a_shard)
    n_kept = n_verdicts(run)
    assert state(run) == Job.State.PAUSED
    assert n_kept < 1200

    def goes_on() -> bool:
        return n_verdicts(run) > n_kept

    resume_run(run)
    wait_until(goes_on)
    cancel_run(run)
    wait_until(nobody_holds_a_shard)
    assert state(run) == Job.State.CANCELLED
    assert n_verdicts(run) < 1200


def test_a_run_waits_for_its_engine_and_the_sweep_wakes_it(
    project, judge, engine, make_items, stub, make_worker, wait_until
):
    make_items(project, 5, 20)
    engine.settings = {"tries": 1}
    engine.save()
    stub.away = True
    run = start_run(judge)
    make_worker().start()

    def waits() -> bool:
        return state(run) == Job.State.WAITING

    def is_done() -> bool:
        return state(run) == Job.State.DONE

    wait_until(waits)
    stub.away = False
    with connection.cursor() as cursor:
        cursor.execute("UPDATE corpus_job SET retry_at = now()")
    assert sweep() == [run.job_id]
    wait_until(is_done)
    assert_complete(run, 100)


def test_a_command_leaves_the_run_to_a_worker_and_waits_for_it(
    project, judge, make_items, stub, make_worker, wait_until, capsys
):
    make_items(project, 5, 20)
    stub.delay = 0.02
    worker = make_worker()
    worker.start()

    def is_ready() -> bool:
        return "ready." in worker.log.read_text()

    wait_until(is_ready)
    stdout = io.StringIO()
    call_command("judge", "soil", "--judge", "grader", "--wait", "--json", stdout=stdout)
    assert json.loads(stdout.getvalue())["state"] == "done"
    assert "does it itself" not in capsys.readouterr().err
    assert_complete(Run.objects.get(), 100)
