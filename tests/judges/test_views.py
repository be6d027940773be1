"""Pages of engines, judges and runs: who may see and do what, what they say, what they cost."""

import re

import pytest
from django.urls import reverse

from corpus.models import Job
from judges import running
from judges.models import Engine, Judge, Run, Verdict
from judges.services import start_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project, judge, make_items):
    make_items(project, 2, 5)
    return start_run(judge)


def url(name: str, *args) -> str:
    return reverse(f"judges:{name}", args=args)


SITE = {"engine-list": (), "engine-create": (), "engine-detail": ("engine",)}
LOOKING = {
    "judge-list": (),
    "judge-detail": ("judge",),
    "run-list": (),
    "run-detail": ("run",),
    "run-progress": ("run",),
}
MAKING = {"judge-create": (), "run-create": ()}
STEERING = ("run-pause", "run-resume", "run-cancel", "run-retry")


@pytest.mark.parametrize("name", SITE)
def test_engines_are_for_site_admins(name, engine, root, alice, client_of, client):
    address = url(name, *[engine.pk for _ in SITE[name]])
    assert client_of(root).get(address).status_code == 200
    assert client_of(alice).get(address).status_code == 403
    assert client.get(address).status_code == 302


@pytest.mark.parametrize("name", [*LOOKING, *MAKING])
@pytest.mark.parametrize("who", ["alice", "bob", "ann", "vic", "charlie", "root"])
def test_each_role_sees_the_pages_that_are_its_own(name, who, run, request, client_of, judge):
    may = {"alice", "bob", "root"} | ({"vic"} if name in LOOKING else set())
    pk = {"judge": judge.pk, "run": run.pk}
    address = url(name, "soil", *[pk[word] for word in (LOOKING | MAKING)[name]])
    status = client_of(request.getfixturevalue(who)).get(address).status_code
    assert status == (200 if who in may else 404 if who == "charlie" else 403)


@pytest.mark.parametrize("name", STEERING)
@pytest.mark.parametrize("who", ["bob", "ann", "vic", "charlie"])
def test_only_those_who_manage_steer_runs(name, who, run, request, client_of):
    status = client_of(request.getfixturevalue(who)).post(url(name, "soil", run.pk)).status_code
    assert status == (302 if who == "bob" else 404 if who == "charlie" else 403)


@pytest.mark.parametrize("name", STEERING)
def test_steering_is_a_post(name, run, bob, client_of):
    assert client_of(bob).get(url(name, "soil", run.pk)).status_code == 405


def test_a_run_of_another_project_is_not_found(run, root, client_of):
    from corpus.services import create_project

    create_project("Water", slug="water", by=root)
    assert client_of(root).get(url("run-detail", "water", run.pk)).status_code == 404
    assert client_of(root).post(url("run-cancel", "water", run.pk)).status_code == 404
    assert client_of(root).get(url("judge-detail", "water", run.judge_id)).status_code == 404


def test_an_engine_is_registered_in_the_browser_and_neither_key_nor_address_is_shown(root, stub, client_of):
    form = {"name": "lab", "kind": "openai", "url": stub.url, "model": "stub-model", "api_key": "sk-hidden"}
    response = client_of(root).post(
        url("engine-create"), form | {"engine_settings": "concurrency=4", "price_in": "1", "price_out": "2"}
    )
    engine = Engine.objects.get(name="lab")
    assert response.url == url("engine-detail", engine.pk)
    assert (engine.api_key, engine.settings, engine.created_by) == ("sk-hidden", {"concurrency": 4}, root)
    page = client_of(root).get(response.url).content.decode()
    assert "sk-hidden" not in page
    assert stub.url not in page
    assert "single tokens" in page  # it was probed


def test_an_engine_that_may_not_be_says_why_and_forgets_the_key(root, client_of):
    form = {
        "name": "odd",
        "kind": "openai",
        "url": "http://10.0.0.1/v1",
        "model": "m",
        "api_key": "sk-hidden",
    }
    page = client_of(root).post(url("engine-create"), form | {"price_in": "0", "price_out": "0"})
    assert "private address" in page.content.decode()
    assert "sk-hidden" not in page.content.decode()
    page = client_of(root).post(url("engine-create"), form | {"engine_settings": "nonsense"})
    assert "is not name=value" in page.content.decode()


def test_an_engine_is_probed_on_request(engine, root, client_of):
    client = client_of(root)
    assert "Not probed yet" in client.get(url("engine-detail", engine.pk)).content.decode()
    client.post(url("engine-probe", engine.pk))
    assert "Looked at" in client.get(url("engine-detail", engine.pk)).content.decode()


def test_a_judge_is_made_in_the_browser(project, engine, bob, client_of):
    client = client_of(bob)
    page = client.get(url("judge-create", "soil")).content.decode()
    prompt = re.search(r'<option value="(\d+)"[^>]*>grade-basic', page)[1]
    form = {"name": "grader", "engine": engine.pk, "prompt": prompt, "options": "mass_floor=0.05"}
    response = client.post(url("judge-create", "soil"), form)
    judge = Judge.objects.get()
    assert response.url == url("judge-detail", "soil", judge.pk)
    assert (judge.scoring, judge.created_by) == ("grade", bob)
    assert judge.options == {"mass_floor": 0.05, "too_long": "cut"}
    page = client.get(response.url).content.decode()
    assert '<span class="place">{{candidate}}</span>' in page
    assert judge.prompt.content_hash[:12] in page


def test_a_judge_that_does_not_fit_together_says_why(project, engine, bob, client_of):
    page = client_of(bob).get(url("judge-create", "soil")).content.decode()
    prompt = re.search(r'<option value="(\d+)"[^>]*>grade-basic', page)[1]
    form = {"name": "grader", "engine": engine.pk, "prompt": prompt, "options": "warmth=1"}
    assert "unknown option warmth" in client_of(bob).post(url("judge-create", "soil"), form).content.decode()


def test_a_run_is_started_in_the_browser(judge, make_items, project, bob, client_of):
    client = client_of(bob)
    response = client.post(url("run-create", "soil"), {"judge": judge.pk})
    assert "no items to judge" in response.content.decode()
    make_items(project, 1, 3)
    response = client.post(url("run-create", "soil"), {"judge": judge.pk})
    run = Run.objects.get()
    assert response.url == url("run-detail", "soil", run.pk)
    assert run.job.created_by == bob
    assert "Waiting for a worker" in client.get(response.url).content.decode()
    again = client.post(url("run-create", "soil"), {"judge": judge.pk})
    assert "under way already" in again.content.decode()


def test_a_judge_of_another_project_cannot_be_run(judge, root, client_of):
    from corpus.services import create_project

    create_project("Water", slug="water", by=root)
    client_of(root).post(url("run-create", "water"), {"judge": judge.pk})
    assert not Run.objects.exists()


def test_the_progress_is_fetched_while_the_run_is_under_way_and_no_longer(run, vic, client_of):
    client = client_of(vic)
    assert 'hx-trigger="every 1s"' in client.get(url("run-progress", "soil", run.pk)).content.decode()
    Job.objects.update(state=Job.State.DONE)
    fragment = client.get(url("run-progress", "soil", run.pk)).content.decode()
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment


def test_a_run_is_steered_with_buttons_in_place(run, bob, vic, client_of):
    client = client_of(bob)
    headers = {"hx-request": "true"}
    fragment = client.post(url("run-pause", "soil", run.pk), headers=headers).content.decode()
    assert "Paused by bob." in fragment
    assert "Resume" in fragment
    fragment = client.post(url("run-pause", "soil", run.pk), headers=headers).content.decode()
    assert "only a run that is under way can be paused" in fragment
    client.post(url("run-resume", "soil", run.pk), headers=headers)
    assert Job.objects.get(pk=run.job_id).state == Job.State.QUEUED
    assert (
        "Cancelled by bob."
        in client.post(url("run-cancel", "soil", run.pk), headers=headers).content.decode()
    )
    looked = client_of(vic).get(url("run-detail", "soil", run.pk)).content.decode()
    assert "<button" not in looked.partition('id="run-progress"')[2].partition("</section>")[0]


def test_a_refusal_without_htmx_is_a_message(run, bob, client_of):
    response = client_of(bob).post(url("run-resume", "soil", run.pk), follow=True)
    assert "nothing to resume" in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_finished_run_shows_its_bar_its_figures_and_why_items_failed(
    project, judge, make_items, stub, vic, client_of
):
    make_items(project, 2, 5)
    stub.broken = {"item q0-1 "}
    run = start_run(judge)
    running.work_on_run(running.load_run(job_id=run.job_id))
    page = client_of(vic).get(url("run-detail", "soil", run.pk)).content.decode()
    assert 'class="seg-graded" x="0.0" y="0" width="900.0"' in page
    assert "9 graded" in page
    assert "60 % from the cache" in page
    assert "the engine refused the request" in page


def test_imported_text_is_shown_as_text(project, judge, run, vic, client_of):
    judge.name = "<script>alert(1)</script>"
    judge.save()
    Job.objects.update(state=Job.State.FAILED, error="<b>odd</b>")
    for name, args in (
        ("run-detail", [run.pk]),
        ("run-list", []),
        ("judge-list", []),
        ("judge-detail", [judge.pk]),
    ):
        page = client_of(vic).get(url(name, "soil", *args)).content.decode()
        assert "<script>alert(1)" not in page
        assert "<b>odd</b>" not in page


def test_imported_judges_and_runs_have_pages_without_buttons(project, bob, client_of):
    imported = Judge.objects.create(project=project, name="gpt-4o", rubric=project.rubric)
    job = Job.objects.create(project=project, kind="import", state="done")
    run = Run.objects.create(judge=imported, job=job, n_items=3, n_graded=2, n_failed=1)
    client = client_of(bob)
    assert "Imported" in client.get(url("judge-list", "soil")).content.decode()
    assert "Start run" not in client.get(url("judge-detail", "soil", imported.pk)).content.decode()
    page = client.get(url("run-detail", "soil", run.pk)).content.decode()
    assert "Retry" not in page
    assert "2 graded" in page


@pytest.mark.parametrize("name", ["judge-list", "run-list"])
def test_long_lists_cost_no_more_queries_than_short_ones(
    name, project, judge, run, bob, client_of, django_assert_max_num_queries
):
    client = client_of(bob)
    client.get(url(name, "soil"))
    for number in range(30):
        job = Job.objects.create(project=project, kind="judge", state="done")
        other = Judge.objects.create(
            project=project, name=f"j{number}", engine=judge.engine, prompt=judge.prompt, rubric=judge.rubric
        )
        Run.objects.create(judge=other, item_set=run.item_set, job=job, n_items=10)
    with django_assert_max_num_queries(8):
        assert client.get(url(name, "soil")).status_code == 200


def test_the_progress_of_a_run_costs_few_queries(run, bob, client_of, django_assert_max_num_queries):
    client = client_of(bob)
    client.get(url("run-progress", "soil", run.pk))
    with django_assert_max_num_queries(7):
        client.get(url("run-progress", "soil", run.pk))
    assert not Verdict.objects.exists()
