"""engine, judge and runs on the command line: results on stdout, everything else on stderr."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from judges.models import Engine, Judge, Run, Verdict
from judges.services import pause_run, start_run

pytestmark = pytest.mark.django_db(transaction=True)


def printed(*words: str, **options) -> str:
    stdout = io.StringIO()
    call_command(*words, stdout=stdout, **options)
    return stdout.getvalue()


def test_an_engine_is_registered_with_a_key_from_standard_input_and_probed(db, stub, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-from-stdin\n"))
    said = printed("engine", "add", "stub", "--kind", "openai", "--url", stub.url, "--model", "stub-model",
                   "--key-stdin", "--setting", "concurrency=4")  # fmt: skip
    engine = Engine.objects.get(name="stub")
    assert engine.api_key == "sk-from-stdin"
    assert engine.settings == {"concurrency": 4}
    assert engine.probed_at is not None
    assert "sk-from-stdin" not in said
    [listed] = json.loads(printed("engine", "list", "--json"))
    assert listed["engine"] == "stub"
    assert "url" not in listed


def test_an_engine_that_may_not_be_is_a_sentence(db):
    with pytest.raises(CommandError, match="private address"):
        call_command(
            "engine", "add", "odd", "--kind", "openai", "--url", "http://10.1.2.3/v1", "--model", "m"
        )
    with pytest.raises(CommandError, match="no engine called"):
        call_command("engine", "probe", "nobody")


def test_a_probe_that_fails_is_an_exit_status_and_json_is_alone_on_stdout(engine, stub, capsys):
    stub.away = True
    stdout = io.StringIO()
    with pytest.raises(CommandError, match="not as it should be"):
        call_command("engine", "probe", "stub", "--json", stdout=stdout)
    assert not all(check["passed"] for check in json.loads(stdout.getvalue()))


def test_a_judge_is_made_and_made_again_without_a_new_version(project, engine):
    words = [
        "judge",
        "add",
        "soil",
        "grader",
        "--engine",
        "stub",
        "--prompt",
        "grade-basic",
        "--scoring",
        "grade",
    ]
    made = json.loads(printed(*words, "--option", "mass_floor=0.1", "--json"))
    assert (made["judge"], made["version"]) == ("grader", 1)
    assert made["options"] == {"mass_floor": 0.1, "too_long": "cut"}
    assert "version 1" in printed(*words, "--option", "mass_floor=0.1")
    assert "version 2" in printed(*words)
    assert Judge.objects.count() == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["judge", "add", "soil", "x"], "needs --engine"),
        (["judge", "add", "soil"], "judge add PROJECT NAME"),
        (["judge", "soil"], "Say which judge"),
        (["judge", "soil", "--judge", "nobody"], "no judge “nobody”"),
        (["judge", "nowhere", "--judge", "x"], "no project “nowhere”"),
        (["judge", "soil", "--judge", "grader", "--item-set", "none"], "no item set called “none”"),
        (["judge", "soil", "--judge", "grader"], "no items"),
        (["runs", "nowhere"], "no project “nowhere”"),
        (["runs", "pause", "99"], "no run 99"),
        (["runs", "halt", "99"], "pause|resume|cancel|retry"),
    ],
)
def test_a_mistake_is_one_sentence(judge, words, sentence):
    with pytest.raises(CommandError) as refusal:
        call_command(*words)
    assert sentence in str(refusal.value)


def test_without_a_worker_the_command_judges_itself_and_says_so(judge, make_items, project, capsys):
    make_items(project, 3, 10)
    figures = json.loads(printed("judge", "soil", "--judge", "grader", "--json"))
    assert (figures["state"], figures["n_graded"], figures["n_left"]) == ("done", 30, 0)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "does it itself" in captured.err
    assert Verdict.objects.count() == 30


def test_a_run_under_way_is_taken_up_and_not_started_twice(judge, make_items, project, stub):
    make_items(project, 3, 10)
    run = start_run(judge)
    pause_run(run)
    assert "is done: 30 graded" in printed("judge", "soil", "--judge", "grader", "--wait")
    assert Run.objects.count() == 1


def test_a_command_sees_a_run_through_its_engine_being_away(
    judge, make_items, project, engine, stub, monkeypatch, capsys
):
    make_items(project, 1, 10)
    monkeypatch.setattr("judges.running.FIRST_WAIT_SECONDS", 1)
    engine.settings = {"tries": 1}
    engine.save()
    stub.away_for = 2
    assert json.loads(printed("judge", "soil", "--judge", "grader", "--json"))["state"] == "done"
    assert "Waiting for the engine “stub”" in capsys.readouterr().err


def test_a_failed_run_is_an_exit_status(judge, make_items, project, engine):
    make_items(project, 1, 5)
    engine.settings = {"warmth": 1}
    engine.save()
    stdout = io.StringIO()
    with pytest.raises(CommandError, match="no setting warmth"):
        call_command("judge", "soil", "--judge", "grader", "--json", stdout=stdout)
    assert json.loads(stdout.getvalue())["state"] == "failed"


def test_runs_are_listed_and_steered(judge, make_items, project, stub):
    make_items(project, 1, 10)
    stub.broken = {"item q0-1 "}
    run = start_run(judge)
    assert f"Run {run.pk} is paused" in printed("runs", "pause", str(run.pk))
    with pytest.raises(CommandError, match="only a run that is under way"):
        call_command("runs", "pause", str(run.pk))
    assert "9 graded, 1 failed" in printed("runs", "resume", str(run.pk))
    stub.broken = set()
    retried = json.loads(printed("runs", "retry", str(run.pk), "--json"))
    assert (retried["n_graded"], retried["n_failed"]) == (10, 0)
    [listed] = json.loads(printed("runs", "soil", "--json"))
    assert listed == retried
    assert "grader v1" in printed("runs")


def test_an_empty_list_says_what_belongs_there(db):
    assert "No runs yet" in printed("runs")
    assert "No engines yet" in printed("engine", "list")
    assert json.loads(printed("runs", "--json")) == []
