"""Engines, prompts and judges: registered, synchronised, versioned."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from judges.models import Engine, Judge, Prompt
from judges.prompting import shipped_prompts
from judges.services import (
    EngineRefused,
    JudgeRefused,
    create_judge,
    find_prompt,
    probe_engine,
    register_engine,
    sync_shipped_prompts,
)

pytestmark = pytest.mark.django_db


def test_an_engines_key_is_encrypted_at_rest(engine):
    stored = Engine.objects.get(pk=engine.pk)
    assert b"sk-secret" not in bytes(stored.encrypted_key)
    assert stored.api_key == "sk-secret"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://example.org/v1", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http://", "names a host"),
        ("http://user:secret@8.8.8.8/v1", "no user name or password"),
        ("http://10.0.0.5:8000/v1", "private address"),
        ("http://169.254.169.254/latest", "private address"),
        ("http://[fd00::1]/v1", "private address"),
        ("http://[::ffff:10.0.0.5]/v1", "private address"),
        ("http://2130706433:8000/v1", "private address"),
        ("http://0.0.0.0:8000/v1", "private address"),
    ],
)
def test_an_engines_address_is_http_and_not_private_unless_listed(url, sentence):
    with pytest.raises(EngineRefused, match=sentence):
        register_engine("odd", kind="openai", url=url, model="m")


def test_a_listed_private_network_is_permitted(settings):
    settings.ENGINE_PRIVATE_ADDRESSES = ["10.0.0.0/8", "gpu.internal"]
    assert register_engine("a", kind="openai", url="http://10.0.0.5:8000/v1", model="m").pk
    assert register_engine("b", kind="openai", url="https://gpu.internal/v1", model="m").pk


def test_an_engine_needs_a_free_name_and_what_its_kind_needs():
    register_engine("taken", kind="local")
    with pytest.raises(EngineRefused, match="already an engine"):
        register_engine("taken", kind="local")
    with pytest.raises(EngineRefused, match="no engine of kind"):
        register_engine("x", kind="psychic")
    with pytest.raises(EngineRefused, match="which model"):
        register_engine("x", kind="openai", url="http://8.8.8.8/v1")
    with pytest.raises(EngineRefused, match="no URL and no key"):
        register_engine("x", kind="local", url="http://8.8.8.8/v1")


def test_a_probe_is_stored_with_the_engine(engine):
    checks = probe_engine(engine)
    engine.refresh_from_db()
    assert checks
    assert engine.probed_at is not None
    assert {"name", "passed", "detail", "remedy"} == set(engine.last_probe[0])


def test_a_probe_of_an_engine_that_is_away_says_so(engine, stub):
    stub.away = True
    assert not all(check.passed for check in probe_engine(engine))


def test_shipped_prompts_get_one_row_a_content():
    first = sync_shipped_prompts()
    assert {row.name for row in first} == set(shipped_prompts())
    assert [row.pk for row in sync_shipped_prompts()] == [row.pk for row in first]
    assert Prompt.objects.count() == len(first)


def test_a_changed_prompt_file_makes_a_new_version(monkeypatch):
    before = sync_shipped_prompts()
    file = shipped_prompts()["grade-basic"]
    changed = file._replace(content_hash="f" * 64, messages=({"role": "user", "content": "{{query}}"},))
    monkeypatch.setattr("judges.services.prompts.shipped_prompts", lambda: {file.name: changed})
    [row] = sync_shipped_prompts()
    assert row.version == 2
    assert row.messages == [{"role": "user", "content": "{{query}}"}]
    old = next(prompt for prompt in before if prompt.name == file.name)
    assert Prompt.objects.get(pk=old.pk).content_hash == file.content_hash


def make(project, engine, **changes) -> Judge:
    content = {
        "name": "grader",
        "engine": engine,
        "prompt": find_prompt(project, "grade-basic"),
        "scoring": "grade",
    }
    return create_judge(project, **content | changes)


def test_the_same_content_is_the_same_judge_and_other_content_the_next_version(project, engine):
    first = make(project, engine)
    assert make(project, engine) == first
    assert make(project, engine, options={"mass_floor": 0.02}) == first  # the default, stated
    second = make(project, engine, options={"mass_floor": 0.1})
    assert (second.name, second.version) == ("grader", 2)
    assert make(project, engine) == first
    assert make(project, engine, options={"mass_floor": 0.1}) == second


def test_a_judge_freezes_its_rubric(project, engine):
    assert make(project, engine).rubric.frozen_at is not None


def test_a_judge_that_does_not_fit_together_is_refused(project, engine):
    with pytest.raises(JudgeRefused, match="written for the scoring grade"):
        make(project, engine, scoring="yes_no")
    with pytest.raises(JudgeRefused, match="no scoring"):
        make(project, engine, scoring="augury")
    with pytest.raises(JudgeRefused, match="unknown option"):
        make(project, engine, options={"warmth": 1})
    with pytest.raises(JudgeRefused, match="needs a name"):
        make(project, engine, name="add")


def test_the_name_of_an_imported_judge_is_refused(project, engine):
    Judge.objects.create(project=project, name="gpt-4o", rubric=project.rubric)
    with pytest.raises(JudgeRefused, match="imported"):
        make(project, engine, name="gpt-4o")


def test_keys_are_encrypted_anew_with_a_new_key_and_the_old_one_can_go(engine, settings):
    old, new = settings.ENGINE_KEY, Fernet.generate_key().decode()
    settings.ENGINE_KEY = f"{new},{old}"
    call_command("engine", "rekey")
    settings.ENGINE_KEY = new
    engine.refresh_from_db()
    assert engine.api_key == "sk-secret"
    settings.ENGINE_KEY = old
    with pytest.raises(CommandError, match=r"Nothing was changed\. The key of engine “stub”"):
        call_command("engine", "rekey")
