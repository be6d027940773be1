"""Runs: planned, worked on, steered and resumed, in this process against a stub server."""

import threading
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from corpus.models import ItemSet, Job
from judges import running
from judges.models import Judge, Prompt, Run, Shard, Verdict
from judges.services import (
    RunRefused,
    cancel_run,
    create_judge,
    find_prompt,
    pause_run,
    register_engine,
    resume_run,
    retry_failures,
    runs,
    start_run,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch):
    monkeypatch.setitem(runs.SHARD_ITEMS, "openai", 20)


def work(run: Run, **options) -> Run:
    running.work_on_run(running.load_run(job_id=run.job_id), **options)
    return Run.objects.select_related("job").get(pk=run.pk)


def counts(run: Run) -> dict:
    names = ("n_graded", "n_scored", "n_abstained", "n_unreadable", "n_failed")
    return {name: value for name in names if (value := getattr(run, name))}


def outcomes(run: Run) -> dict:
    return dict(Counter(Verdict.objects.filter(run=run).values_list("outcome", flat=True)))


def test_every_item_is_in_exactly_one_shard_and_queries_stay_whole(project, judge, make_items):
    items = make_items(project, 9, 7)
    run = start_run(judge)
    shards = list(run.shards.order_by("number"))
    assert sorted(item for shard in shards for item in shard.items) == sorted(item.pk for item in items)
    query_of = {item.pk: item.query_id for item in items}
    assert all(20 <= len(shard.items) < 40 for shard in shards[:-1])
    homes = {(query_of[item], shard.number) for shard in shards for item in shard.items}
    assert len(homes) == 9


def test_a_query_larger_than_a_shard_is_cut(project, judge, make_items):
    make_items(project, 1, 105)
    run = start_run(judge)
    assert [len(shard.items) for shard in run.shards.order_by("number")] == [20, 20, 20, 20, 20, 5]


def test_a_run_grades_every_item_and_ends(project, judge, make_items, alice):
    items = make_items(project, 5, 8)
    run = start_run(judge, by=alice)
    assert (run.job.state, run.job.n_total, run.job.created_by) == (Job.State.QUEUED, 40, alice)
    run = work(run)
    assert run.job.state == Job.State.DONE
    assert run.job.n_done == 40
    assert counts(run) == {"n_graded": 40}
    assert (run.tokens_in, run.tokens_cached) == (4000, 2400)
    assert run.job.finished_at is not None
    verdict = Verdict.objects.get(run=run, item=items[3])
    assert (verdict.outcome, verdict.grade, verdict.raw) == ("graded", 3, "3")
    assert 2 < verdict.score < 3
    assert len(verdict.probs) == 5  # four grades and “cannot judge”
    assert sum(verdict.probs) == pytest.approx(1)


def test_items_that_have_a_verdict_are_not_asked_about_again(project, judge, make_items, stub):
    items = make_items(project, 2, 10)
    run = start_run(judge)
    Verdict.objects.create(run=run, item=items[0], outcome="graded", grade=1)
    Verdict.objects.create(run=run, item=items[1], outcome="error", reason="tried in this run already")
    run = work(run)
    assert run.job.state == Job.State.DONE
    assert sum(stub.asked.values()) == 18
    assert Verdict.objects.get(run=run, item=items[0]).grade == 1


def test_one_bad_item_does_not_fail_its_shard(project, judge, make_items, stub):
    items = make_items(project, 2, 10)
    stub.broken = {"item q0-3 "}
    run = work(start_run(judge))
    assert run.job.state == Job.State.DONE
    assert counts(run) == {"n_graded": 19, "n_failed": 1}
    verdict = Verdict.objects.get(run=run, item=items[3])
    assert (verdict.outcome, verdict.grade) == ("error", None)
    assert verdict.reason


def test_a_retry_judges_failures_once_more_and_keeps_grades(project, judge, make_items, stub):
    make_items(project, 4, 10)
    stub.broken = {"item q0-3 ", "item q3-1 "}
    run = work(start_run(judge))
    kept = dict(Verdict.objects.filter(run=run, outcome="graded").values_list("item_id", "created_at"))
    stub.broken = {"item q3-1 "}
    stub.asked.clear()
    assert retry_failures(run) == 2
    run = work(run)
    assert run.job.state == Job.State.DONE
    assert set(stub.asked) == {"q0-3"}
    assert counts(run) == {"n_graded": 39, "n_failed": 1}
    assert outcomes(run) == {"graded": 39, "error": 1}
    assert run.job.n_done == 40
    now = dict(Verdict.objects.filter(run=run).values_list("item_id", "created_at"))
    assert all(now[item] == created_at for item, created_at in kept.items())


def test_a_retry_without_failures_is_refused_and_so_is_one_of_a_running_run(project, judge, make_items, stub):
    make_items(project, 1, 5)
    stub.broken = {"item q0-3 "}
    run = work(start_run(judge))
    Job.objects.filter(pk=run.job_id).update(state=Job.State.RUNNING)
    with pytest.raises(RunRefused, match="pause it, or wait"):
        retry_failures(run)
    assert not run.shards.exclude(state=Shard.State.DONE).exists()
    Job.objects.filter(pk=run.job_id).update(state=Job.State.DONE)
    stub.broken = set()
    retry_failures(run)
    run = work(run)
    with pytest.raises(RunRefused, match="no failures"):
        retry_failures(run)


@pytest.mark.parametrize(
    ("stop", "state"), [(pause_run, Job.State.PAUSED), (cancel_run, Job.State.CANCELLED)]
)
def test_a_run_stops_when_it_is_paused_or_cancelled_and_can_be_resumed(
    project, judge, make_items, stub, alice, stop, state
):
    make_items(project, 20, 20)
    stub.delay = 0.1
    run = start_run(judge)

    def stop_early(running_run: Run) -> None:
        if Job.objects.get(pk=running_run.job_id).state == Job.State.RUNNING:
            stop(running_run, by=alice)

    run = work(run, on_update=stop_early)
    assert run.job.state == state
    assert run.job.note.endswith("by alice.")
    n_kept = Verdict.objects.filter(run=run).count()
    assert 0 < n_kept < 400
    assert not run.shards.filter(state=Shard.State.LEASED).exists()
    assert work(run).job.state == state  # a stray hint changes nothing
    stub.delay = 0
    resume_run(run)
    run = work(run)
    assert run.job.state == Job.State.DONE
    assert counts(run) == {"n_graded": 400}
    assert set(stub.asked.values()) == {1}


def test_steering_that_makes_no_sense_is_refused(project, judge, make_items):
    make_items(project, 1, 5)
    run = work(start_run(judge))
    for steer in (pause_run, cancel_run, resume_run):
        with pytest.raises(RunRefused, match=f"Run {run.pk} is done"):
            steer(run)


def test_a_run_waits_for_an_engine_that_is_away_and_goes_on_when_it_is_back(
    project, judge, make_items, stub, engine
):
    make_items(project, 2, 10)
    engine.settings = {"tries": 1}
    engine.save()
    stub.away = True
    run = work(start_run(judge))
    assert run.job.state == Job.State.WAITING
    assert "Waiting for the engine “stub”" in run.job.note
    assert "127.0.0.1" not in run.job.note
    first_wait = (run.job.retry_at - timezone.now()).total_seconds()
    assert 0 < first_wait <= 5
    assert work(run).job.state == Job.State.WAITING  # not before its time
    resume_run(run)
    run = work(run)
    assert (run.job.retry_at - timezone.now()).total_seconds() > 5  # it waits longer each time
    stub.away = False
    Job.objects.filter(pk=run.job_id).update(retry_at=timezone.now())
    run = work(run)
    assert run.job.state == Job.State.DONE
    assert run.n_waits == 0
    assert counts(run) == {"n_graded": 20}


def test_a_run_that_its_engine_cannot_do_fails_with_a_sentence(project, judge, make_items, engine):
    make_items(project, 1, 5)
    engine.settings = {"warmth": 1}
    engine.save()
    run = work(start_run(judge))
    assert run.job.state == Job.State.FAILED
    assert "no setting warmth" in run.job.error
    engine.settings = {}
    engine.save()
    resume_run(run)
    assert work(run).job.state == Job.State.DONE


def test_an_unexpected_error_fails_the_run_and_keeps_what_it_has(
    project, judge, make_items, monkeypatch, caplog
):
    make_items(project, 2, 20)
    run = start_run(judge)
    shards = []

    def read_items(hold):
        shards.append(hold)
        if len(shards) > 1:
            raise RuntimeError("a bug")
        return running_read_items(hold)

    running_read_items = running.read_items
    monkeypatch.setattr(running, "read_items", read_items)
    run = work(run)
    assert run.job.state == Job.State.FAILED
    assert "RuntimeError" in run.job.error
    assert "a bug" not in run.job.error
    assert counts(run) == {"n_graded": 20}
    monkeypatch.undo()
    resume_run(run)
    assert work(run).job.state == Job.State.DONE


def test_a_worker_that_died_loses_its_lease_and_the_next_one_ends_the_run(project, judge, make_items):
    make_items(project, 3, 20)
    run = start_run(judge)
    Job.objects.filter(pk=run.job_id).update(state=Job.State.RUNNING)
    dead = running.claim_shard(run)
    run = work(run)
    assert run.job.state == Job.State.RUNNING  # its shard may still be in good hands
    assert counts(run) == {"n_graded": 40}
    Shard.objects.filter(run=run, number=dead.number).update(leased_until=timezone.now())
    run = work(run)
    assert run.job.state == Job.State.DONE
    assert counts(run) == {"n_graded": 60}


def test_two_workers_share_a_run(project, judge, make_items, stub):
    make_items(project, 20, 20)
    stub.delay = 0.02
    run = start_run(judge)
    claims: Counter = Counter()

    def help_out(name: str) -> None:
        def note(_run: Run) -> None:
            claims[name] += 1

        try:
            running.work_on_run(running.load_run(job_id=run.job_id), on_update=note)
        finally:
            connection.close()

    workers = [threading.Thread(target=help_out, args=(name,)) for name in ("first", "second")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run = Run.objects.select_related("job").get(pk=run.pk)
    assert run.job.state == Job.State.DONE
    assert counts(run) == {"n_graded": 400}
    assert run.job.n_done == 400
    assert set(stub.asked.values()) == {1}
    assert set(claims) == {"first", "second"}


def test_the_last_shard_ends_the_run_only_once_all_are_done(project, judge, make_items):
    make_items(project, 2, 20)
    run = start_run(judge)
    Job.objects.filter(pk=run.job_id).update(state=Job.State.RUNNING)
    first, second = running.claim_shard(run), running.claim_shard(run)
    running.close_shard(first)
    assert Job.objects.get(pk=run.job_id).state == Job.State.RUNNING
    running.close_shard(second)
    assert Job.objects.get(pk=run.job_id).state == Job.State.DONE


def test_texts_leave_the_machine_only_with_the_projects_consent(project, judge, make_items):
    make_items(project, 1, 5)
    judge.engine = register_engine("far", kind="openai", url="https://8.8.8.8/v1", model="m")
    judge.save()
    with pytest.raises(RunRefused, match="do not let texts leave"):
        start_run(judge)
    assert not Job.objects.exists()
    project.may_leave = True
    project.save()
    judge.refresh_from_db()
    assert start_run(judge).pk


def test_a_run_that_cannot_be_is_refused(project, judge, make_items):
    with pytest.raises(RunRefused, match="no items"):
        start_run(judge)
    make_items(project, 1, 5)
    imported = Judge.objects.create(project=project, name="gpt-4o", rubric=project.rubric)
    with pytest.raises(RunRefused, match="imported"):
        start_run(imported)
    start_run(judge)
    with pytest.raises(RunRefused, match="under way already"):
        start_run(judge)


def test_a_run_of_an_item_set_judges_that_set_alone(
    project, judge, make_items, django_assert_max_num_queries
):
    items = make_items(project, 3, 10)
    chosen = ItemSet.objects.create(project=project, name="Chosen", n_items=4)
    chosen.entries.model.objects.bulk_create(
        chosen.entries.model(item_set=chosen, position=place, item=item)
        for place, item in enumerate(items[8:12])
    )
    with django_assert_max_num_queries(13):
        run = start_run(judge, item_set=chosen)
    run = work(run)
    assert set(Verdict.objects.values_list("item_id", flat=True)) == {item.pk for item in items[8:12]}
    assert (run.n_items, run.job.state) == (4, Job.State.DONE)


def test_the_number_of_queries_grows_with_writes_and_not_with_items(
    project, judge, make_items, monkeypatch, django_assert_max_num_queries
):
    make_items(project, 10, 30)
    monkeypatch.setitem(runs.SHARD_ITEMS, "openai", 500)
    monkeypatch.setattr("judges.chunks.GOAL_SECONDS", 60)
    run = running.load_run(job_id=start_run(judge).job_id)
    with django_assert_max_num_queries(24):
        running.work_on_run(run)
    assert Verdict.objects.count() == 300


@pytest.mark.parametrize("form", ["after", "json"])
def test_a_judge_that_writes_reasons_grades_every_item_and_keeps_its_words(project, engine, make_items, form):
    make_items(project, 3, 4)
    prompt = find_prompt(project, "grade-reasons")
    if form == "json":
        prompt = Prompt.objects.create(
            project=project, name="in JSON", messages=prompt.messages, reply={"format": "json"}
        )
    judge = create_judge(project, name="writer", engine=engine, prompt=prompt, scoring="reason")
    run = work(start_run(judge))
    assert (run.job.state, counts(run)) == (Job.State.DONE, {"n_graded": 12})
    verdict = Verdict.objects.get(run=run, item__candidate__external_id="q1-3")
    assert (verdict.grade, verdict.score) == (3, None)
    assert "q1-3" in verdict.raw
