"""The look at an engine before a run: what stops it, what is only said, and what members do not see."""

import pytest
from aiohttp import web
from django.utils import timezone

from judges.models import Prompt, Run
from judges.probes import FRESH
from judges.services import create_judge, find_prompt, register_engine, start_run
from tests.judges.openai_server import serve
from tests.judges.test_runs import work
from tests.judges.vllm_stub import MODEL, VllmStub

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server():
    return VllmStub()


@pytest.fixture
def vllm(server):
    with serve(server.application()) as url:
        yield register_engine("v", kind="vllm", url=url, model=MODEL)


def judge_of(project, engine, **prompt):
    """A judge with a prompt of its own reply, or the plain one."""
    chosen = find_prompt(project, "grade-basic")
    if prompt:
        chosen = Prompt.objects.create(project=project, name="own", messages=chosen.messages, **prompt)
    return create_judge(project, name="j", engine=engine, prompt=chosen, scoring="grade")


def test_the_checklist_is_kept_with_the_run_and_used_again_for_an_hour(project, vllm, server, make_items):
    make_items(project, 2, 5)
    judge = judge_of(project, vllm)
    first = work(start_run(judge))
    assert [check["passed"] for check in first.probe] == [True] * 8
    server.bodies.clear()
    second = work(start_run(judge))
    assert (second.probe, second.probed_at) == (first.probe, first.probed_at)
    assert len(server.bodies) == 10  # the items, and no probe
    Run.objects.update(probed_at=timezone.now() - 2 * FRESH)
    third = work(start_run(judge))
    assert third.probed_at > second.probed_at


def test_a_letter_for_cannot_judge_of_two_tokens_stops_the_run_and_is_named(project, vllm, make_items):
    make_items(project, 1, 5)
    run = work(start_run(judge_of(project, vllm, reply={"abstain": "no idea"})))
    assert (run.job.state, run.n_done) == ("failed", 0)
    assert "“no idea” is not a single token" in run.job.error


def test_a_16_bit_head_is_said_on_the_runs_page_and_stops_nothing(
    project, vllm, server, make_items, alice, client_of
):
    make_items(project, 1, 5)
    server.ties = True
    run = work(start_run(judge_of(project, vllm)))
    assert (run.job.state, run.n_graded) == ("done", 5)
    assert "distinct scores" in [check["name"] for check in run.probe if not check["passed"]]
    page = client_of(alice).get(run.get_absolute_url()).content.decode()
    assert f"{run.n_missing} of 8 checks of the engine failed" in page
    assert "head_dtype" in page


def test_members_do_not_see_what_else_the_server_serves(project, vllm, server, make_items, alice, client_of):
    make_items(project, 1, 2)
    vllm.model = "secret-model-name"
    vllm.save()
    run = work(start_run(judge_of(project, vllm)))
    page = client_of(alice).get(run.get_absolute_url()).content.decode()
    assert run.job.state == "failed"
    assert MODEL not in page


def test_a_refused_key_fails_the_run_and_does_not_keep_it_waiting(project, make_items):
    make_items(project, 1, 2)

    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "secret detail"}}, status=401)

    app = web.Application()
    app.add_routes([web.route("*", "/{rest:.*}", refuse)])
    with serve(app) as url:
        engine = register_engine("closed", kind="vllm", url=url, model=MODEL, api_key="sk-wrong")
        run = work(start_run(judge_of(project, engine)))
    assert run.job.state == "failed"
    assert "refused the key" in run.job.error
    assert "secret detail" not in run.job.error
