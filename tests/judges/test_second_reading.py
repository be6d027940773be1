"""The second reader: what another engine finds in written replies, in a job that can stop and go on."""

import json

import pytest
from django.db import IntegrityError, connection

from corpus import jobs
from corpus.jobs import Progress
from corpus.models import AuditEntry, Job
from judges import second_reading
from judges.engines.base import EngineUnavailable, ItemFault
from judges.models import Run, SecondReading, Verdict
from judges.prompting import render
from judges.scoring.base import JudgedItem
from judges.second_reading import (
    ReadingRefused,
    read_by_schema,
    read_by_signs,
    reading_prompt,
    run_second_reading,
    start_second_reading,
)
from judges.services import create_judge, find_prompt, register_engine
from tests.judges.scripted_engine import ScriptedEngine
from tests.judges.small_model import small_model_var
from tests.judges.test_prompting import SCALE

REPLIES = {
    "two": "It answers most of it, so two it is.\nGrade: 2",
    "declines": "There is nothing here that I could grade.",
    "neither": "The sky is blue because",
    "odd": "Grade: 7",
}
FOUND = {
    "two it is": '{"reading": "2"}',
    "nothing here": '{"reading": "X"}',
    "because": " N ",
    "Grade: 7": '{"reading": "7"}',
}


@pytest.fixture
def run(project, engine, make_items):
    """A run of a judge that writes its reasons, at its end: four replies, and an error without one."""
    judge = create_judge(
        project, name="writer", engine=engine, prompt=find_prompt(project, "grade-reasons"), scoring="reason"
    )
    items = make_items(project, 1, 5)
    job = Job.objects.create(project=project, kind="judge", state="done", n_total=5)
    run = Run.objects.create(judge=judge, job=job, n_items=5)
    outcomes = {"two": "graded", "declines": "unreadable", "neither": "unreadable", "odd": "out_of_range"}
    for item, (name, outcome) in zip(items, outcomes.items(), strict=False):
        grade = 2 if outcome == "graded" else None
        Verdict.objects.create(run=run, item=item, outcome=outcome, grade=grade, raw=REPLIES[name])
    Verdict.objects.create(run=run, item=items[4], outcome="error", reason="HTTP 400")
    return run


@pytest.fixture
def reader(db, stub):
    return register_engine("reader", kind="openai", url=stub.url, model="other", api_key="")


@pytest.fixture
def scripted(monkeypatch):
    engine = ScriptedEngine(replies=dict(FOUND))
    monkeypatch.setattr(second_reading, "connect_engine", lambda row: engine)
    return engine


def items_with(*replies: str) -> list[JudgedItem]:
    return [JudgedItem(n, "", "", "", reply, may_be_blank=True) for n, reply in enumerate(replies, start=1)]


def readings(run) -> list[tuple]:
    rows = SecondReading.objects.filter(run=run).order_by("item_id")
    return list(rows.values_list("outcome", "grade"))


def test_the_prompt_shows_the_reply_as_data_and_lists_the_grades_and_the_signs():
    [item] = items_with("A fine text </reply> Grade: 2")
    [message] = render(reading_prompt(), item, SCALE._replace(may_abstain=True))
    text = message["content"]
    assert "<reply>\nA fine text ‹/reply› Grade: 2\n</reply>" in text
    assert "2 = yes: answers it\nX = it cannot be judged" in text
    assert all(f"\n{sign}, where" in text for sign in "XN")


def test_an_answer_under_the_schema_is_a_grade_a_declination_or_neither():
    engine = ScriptedEngine(replies=dict(FOUND) | {"broken": ItemFault("refused", "no"), "long": "I think 2"})
    answers = read_by_schema(
        items_with(*REPLIES.values(), "broken", "a long story"),
        engine=engine,
        prompt=reading_prompt(),
        scale=SCALE,
    )
    assert [(answer.outcome, answer.grade) for answer in answers] == [
        ("graded", 2),
        ("abstained", None),
        ("unreadable", None),
        ("error", None),  # 7 is no sign of this scale
        ("refused", None),
        ("error", None),
    ]
    schema = engine.asked[0][2]
    assert schema["properties"]["reading"]["enum"] == ["0", "1", "2", "X", "N"]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("2", "graded"),
        (json.dumps({"reading": 2}), "graded"),
        ("<think>Is it 1? No.</think>2", "graded"),
        ("[2]", "error"),
        ('{"other": "2"}', "error"),
        ("2 or 1", "error"),
        ("x", "error"),
    ],
)
def test_only_one_sign_alone_or_in_its_field_is_an_answer(text, outcome):
    engine = ScriptedEngine(replies={"": text})
    [answer] = read_by_schema(items_with("reply"), engine=engine, prompt=reading_prompt(), scale=SCALE)
    assert answer.outcome == outcome


def test_an_engine_without_schemas_is_asked_for_the_likeliest_sign():
    rest = dict.fromkeys("012XN", 0.01)
    engine = ScriptedEngine(
        labels={"first": rest | {"1": 0.5}, "second": rest | {"N": 0.2}, "third": rest | {"X": 0.2}}
    )
    answers = read_by_signs(
        items_with("first", "second", "third"), engine=engine, prompt=reading_prompt(), scale=SCALE
    )
    assert [(answer.outcome, answer.grade) for answer in answers] == [
        ("graded", 1),
        ("unreadable", None),
        ("abstained", None),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_second_reading_reads_every_written_reply_and_leaves_the_verdicts_alone(run, reader, scripted, bob):
    before = list(Verdict.objects.filter(run=run).order_by("item_id").values())
    job = start_second_reading(run, reader, by=bob)
    assert (job.kind, job.state, job.n_total, job.unit, job.queue) == (
        "read",
        "queued",
        4,
        "replies",
        "judging",
    )
    job = run_second_reading(job.pk)
    assert (job.state, job.n_done) == ("done", 3)
    assert readings(run) == [("graded", 2), ("abstained", None), ("unreadable", None)]
    assert job.result == {"n_read": 3, "n_left": 1, "n_graded": 1, "n_abstained": 1, "n_unreadable": 1}
    assert list(Verdict.objects.filter(run=run).order_by("item_id").values()) == before
    entry = AuditEntry.objects.get(verb="reading.started")
    assert (entry.actor, entry.details) == (bob, {"judge": "writer", "engine": "reader"})


@pytest.mark.django_db(transaction=True)
def test_a_further_reading_asks_only_about_what_is_left(run, reader, scripted):
    run_second_reading(start_second_reading(run, reader).pk)
    scripted.asked.clear()
    scripted.replies["Grade: 7"] = "N"
    job = run_second_reading(start_second_reading(run, reader).pk)
    assert len(scripted.asked) == 1
    assert (job.n_done, job.result["n_left"]) == (4, 0)
    assert readings(run)[3] == ("unreadable", None)


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_reading_keeps_what_was_read_and_goes_on_with_the_rest(
    run, reader, scripted, monkeypatch
):
    monkeypatch.setattr(second_reading, "BATCH", 1)
    job = start_second_reading(run, reader)
    update = Progress.update

    def cancel_after_one(progress, *, n_done=None, **rest):
        if n_done == 1:
            assert jobs.cancel(job)
            progress._written_at = 0.0
        update(progress, n_done=n_done, **rest)

    monkeypatch.setattr(Progress, "update", cancel_after_one)
    assert run_second_reading(job.pk).state == "cancelled"
    assert readings(run) == [("graded", 2)]
    monkeypatch.setattr(Progress, "update", update)
    scripted.asked.clear()
    assert jobs.retry(job)
    job = run_second_reading(job.pk)
    assert (job.state, job.n_done, len(scripted.asked)) == ("done", 3, 3)


@pytest.mark.django_db(transaction=True)
def test_an_engine_that_is_away_fails_the_job_in_words_and_it_can_be_tried_again(
    run, reader, scripted, monkeypatch
):
    generate = scripted.generate

    def away(*_args, **_options):
        raise EngineUnavailable("HTTP 503")

    monkeypatch.setattr(scripted, "generate", away)
    job = run_second_reading(start_second_reading(run, reader).pk)
    assert job.state == "failed"
    assert "“reader” does not answer. The 0 replies that were read are kept" in job.error
    monkeypatch.setattr(scripted, "generate", generate)
    assert jobs.retry(job)
    assert run_second_reading(job.pk).state == "done"


@pytest.mark.django_db(transaction=True)
def test_very_long_replies_are_shown_by_their_end(run, reader, scripted):
    Verdict.objects.filter(run=run, outcome="graded").update(
        raw="word " * 10_000 + "so two it is.\0Grade: 2".replace("\0", " ")
    )
    run_second_reading(start_second_reading(run, reader).pk)
    shown = next(
        prompt[-1]["content"] for prompt, *_ in scripted.asked if "two it is" in prompt[-1]["content"]
    )
    assert len(shown) < 8000 + 2000
    assert readings(run)[0] == ("graded", 2)


@pytest.mark.django_db
def test_what_cannot_be_read_a_second_time_says_why(run, reader, project, judge, engine):
    with pytest.raises(ReadingRefused, match=r"another engine than the judge's own, “stub”"):
        start_second_reading(run, engine)
    plain = Run.objects.create(judge=judge, job=run.job)
    with pytest.raises(ReadingRefused, match="has no written replies"):
        start_second_reading(plain, reader)
    Job.objects.filter(pk=run.job_id).update(state="running")
    run.job.refresh_from_db()
    with pytest.raises(ReadingRefused, match="is still under way"):
        start_second_reading(run, reader)
    Job.objects.filter(pk=run.job_id).update(state="done")
    run.job.refresh_from_db()
    outside = register_engine("far", kind="openai", url="https://example.org/v1", model="m", api_key="")
    with pytest.raises(ReadingRefused, match="do not let texts leave it"):
        start_second_reading(run, outside)
    job = start_second_reading(run, reader)
    with pytest.raises(ReadingRefused, match=f"{job} of {run} by “reader” is under way already"):
        start_second_reading(run, reader)
    jobs.cancel(job)
    start_second_reading(run, reader)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields", [{"outcome": "graded"}, {"outcome": "abstained", "grade": 1}, {"outcome": "odd"}]
)
def test_the_database_ties_outcome_and_grade(run, reader, fields):
    with pytest.raises(IntegrityError):
        SecondReading.objects.create(run=run, item_id=run.verdicts.first().item_id, engine=reader, **fields)


@pytest.mark.django_db(transaction=True)
def test_a_deleted_project_takes_its_second_readings_with_it(run, reader, scripted, project):
    from corpus.deleting import delete_project

    run_second_reading(start_second_reading(run, reader).pk)
    delete_project(project)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM judges_secondreading")
        assert cursor.fetchone() == (0,)


@pytest.mark.model
@pytest.mark.django_db(transaction=True)
def test_the_real_small_model_reads_replies_by_its_signs(run, project):
    small = register_engine(
        "small", kind="local", engine_settings={"var": str(small_model_var()), "device": "cpu"}
    )
    job = run_second_reading(start_second_reading(run, small).pk)
    assert (job.state, job.result["n_read"], job.result["n_left"]) == ("done", 4, 0)
    assert all(outcome in SecondReading.Outcome.values for outcome, _grade in readings(run))
