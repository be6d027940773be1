"""What a run will take is said before; a cap pauses it, and only a higher one lets it go on."""

import pytest
from django.urls import reverse

from corpus.models import Job
from corpus.services import freeze_all_items
from judges.estimating import estimate_run
from judges.models import Verdict
from judges.services import RunRefused, create_judge, find_prompt, raise_cap, resume_run, start_run
from tests.judges.test_runs import work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def priced(engine):
    """Ten dollars a million prompt tokens: the stub counts 100 an item, so a thousandth of a dollar each."""
    engine.price_in, engine.price_out = 10, 0
    engine.save()
    return engine


def test_before_any_run_the_texts_are_measured_and_no_time_is_promised(project, judge, priced, make_items):
    make_items(project, 4, 10)
    found = estimate_run(judge, freeze_all_items(project))
    shown = sum(len(message["content"]) for message in judge.prompt.messages)
    assert found.n_items == 40
    assert shown / 4 < found.tokens_in / 40 < shown / 4 + 200
    assert found.tokens_out == 40
    assert found.dollars == pytest.approx(found.tokens_in * 10 / 1e6, rel=1e-3)
    assert found.seconds is None


def test_after_a_run_its_figures_are_the_measure(project, judge, priced, make_items):
    make_items(project, 4, 10)
    run = work(start_run(judge))
    found = estimate_run(judge, run.item_set)
    assert (found.tokens_in, found.tokens_out) == (4000, 40)
    assert found.dollars == pytest.approx(0.04)
    assert found.seconds > 0
    assert str(run) in found.rests_on


def test_written_replies_cost_more_than_one_token(project, engine, make_items):
    make_items(project, 1, 5)
    writer = create_judge(
        project, name="w", engine=engine, prompt=find_prompt(project, "grade-reasons"), scoring="reason"
    )
    assert estimate_run(writer, freeze_all_items(project)).tokens_out > 5 * 50


def test_a_cap_pauses_the_run_and_a_higher_one_lets_it_go_on(project, judge, priced, stub, make_items, alice):
    make_items(project, 20, 20)
    stub.delay = 0.05
    priced.settings = {"concurrency": 4}
    priced.save()
    run = work(start_run(judge, cap=0.05))
    assert run.job.state == Job.State.PAUSED
    assert run.job.note == "Paused: the cap of $0.05 is reached."
    n_before = Verdict.objects.filter(run=run).count()
    assert 50 <= n_before < 400
    with pytest.raises(RunRefused, match="raise the cap"):
        resume_run(run)
    with pytest.raises(RunRefused, match="must be higher"):
        raise_cap(run, cap=0.01)
    stub.delay = 0
    raise_cap(run, cap=10, by=alice)
    run = work(run)
    assert (run.job.state, run.n_graded) == (Job.State.DONE, 400)
    assert max(stub.asked.values()) == 1


def test_the_pages_say_what_a_run_will_take_and_where_it_paused(
    project, judge, priced, make_items, alice, client_of
):
    make_items(project, 10, 10)
    client = client_of(alice)
    said = client.post(reverse("judges:run-estimate", args=["soil"]), {"judge": judge.pk, "item_set": ""})
    assert "100 items: about" in said.content.decode()
    client.post(
        reverse("judges:run-create", args=["soil"]), {"judge": judge.pk, "item_set": "", "cap": "0.0001"}
    )
    run = work(judge.runs.get())
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Raise cap and go on" in page
    assert "Label mass" in page
    client.post(reverse("judges:run-cap", args=["soil", run.pk]), {"cap": "5"})
    assert work(run).job.state == Job.State.DONE
