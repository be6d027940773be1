"""Writing verdicts: one an item, fenced, counted in the same transaction, whatever a model replied."""

import math
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from corpus.models import Job
from judges import recording
from judges.models import Run, Shard, Verdict
from judges.recording import ShardLost, claim_shard, read_items, record_verdicts, release_shard
from judges.scoring.base import Answer
from judges.services import start_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project, judge, make_items):
    make_items(project, 1, 4)
    run = start_run(judge)
    Job.objects.filter(pk=run.job_id).update(state=Job.State.RUNNING)
    return run


GRADED = Answer("graded", grade=2, score=1.5, probs={"0": 0.5, "2": 0.5}, raw="2", tokens_in=10)


def test_every_outcome_is_counted_where_it_belongs(project, judge, make_items):
    items = make_items(project, 1, 8)
    run = start_run(judge)
    Job.objects.filter(pk=run.job_id).update(state=Job.State.RUNNING)
    hold = claim_shard(run)
    answers = [
        GRADED,
        Answer("scored", score=-3.5),
        *(Answer(name) for name in ("abstained", "unreadable", "out_of_range", "empty", "refused", "error")),
    ]
    record_verdicts(hold, read_items(hold), answers)
    run.refresh_from_db()
    assert (run.n_graded, run.n_scored, run.n_abstained, run.n_unreadable, run.n_failed) == (1, 1, 1, 2, 3)
    assert (run.n_done, run.n_left) == (8, 0)
    assert Job.objects.get(pk=run.job_id).n_done == 8
    assert Verdict.objects.get(item=items[1]).score == -3.5


def test_a_worker_that_woke_too_late_writes_nothing(run):
    late = claim_shard(run)
    items = read_items(late)
    Shard.objects.filter(run=run).update(leased_until=timezone.now() - timedelta(hours=1))
    assert claim_shard(run).attempt == late.attempt + 1
    with pytest.raises(ShardLost):
        record_verdicts(late, items, [GRADED] * 4)
    with pytest.raises(ShardLost):
        recording.close_shard(late)
    release_shard(late)
    assert not Verdict.objects.exists()
    assert Shard.objects.get(run=run).state == Shard.State.LEASED
    assert Run.objects.get(pk=run.pk).n_graded == 0


def test_a_leased_shard_is_not_claimed_twice(run):
    assert claim_shard(run)
    assert claim_shard(run) is None


def test_no_shard_of_a_paused_run_is_claimed(run):
    Job.objects.filter(pk=run.job_id).update(state=Job.State.PAUSED)
    assert claim_shard(run) is None


def test_writing_the_same_verdicts_twice_changes_nothing(run):
    hold = claim_shard(run)
    items = read_items(hold)
    record_verdicts(hold, items, [GRADED] * 4)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE judges_incoming")  # a test is one transaction; a real write has its own
    record_verdicts(hold, items, [GRADED._replace(grade=0)] * 4)
    run.refresh_from_db()
    assert run.n_graded == 4
    assert run.tokens_in == 40
    assert set(Verdict.objects.values_list("grade", flat=True)) == {2}


@pytest.mark.parametrize(
    "answer",
    [
        Answer("graded"),
        Answer("scored"),
        Answer("scored", score=math.nan),
        Answer("graded", grade=1, score=math.inf),
        Answer("splendid"),
    ],
)
def test_an_answer_that_contradicts_itself_is_an_error_with_a_reason(run, answer):
    hold = claim_shard(run)
    record_verdicts(hold, read_items(hold)[:1], [answer])
    verdict = Verdict.objects.get()
    assert (verdict.outcome, verdict.grade, verdict.score) == ("error", None, None)
    assert verdict.reason


def test_replies_with_characters_that_postgresql_cannot_hold_are_kept_as_far_as_possible(run):
    hold = claim_shard(run)
    record_verdicts(hold, read_items(hold)[:1], [Answer("unreadable", raw="a\0b\ud800c", reason="odd\0")])
    verdict = Verdict.objects.get()
    assert verdict.raw == "a\ufffdb?c"
    assert verdict.reason == "odd\ufffd"


def test_the_database_refuses_a_failure_with_a_grade(run):
    with pytest.raises(IntegrityError, match="outcome_ties_grade_and_score"):
        Verdict.objects.create(
            run=run, item_id=read_items(claim_shard(run))[0].item_id, outcome="error", grade=0
        )
