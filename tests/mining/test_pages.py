"""Pages of pools and selections, through the client."""

import re
from urllib.parse import parse_qsl

import pytest
from django.urls import reverse

from annotate.models import Round
from corpus.models import Job
from judges.models import Run
from judges.services import register_engine
from mining.models import Pool, Selection
from mining.pool_settings import PoolSettings
from mining.pooling import run_pool
from mining.pools import prepare_pool
from mining.reading import kept
from mining.rules import Rule
from mining.sampling import Sampling, Way
from mining.selections import freeze_selection

SCORES = {
    ("q0", "c0-0"): 0.7, ("q0", "c0-1"): 0.9, ("q0", "c0-2"): 0.5, ("q0", "c0-3"): 0.3,
    ("q1", "c1-0"): 0.6, ("q1", "c1-1"): 0.2, ("q1", "c1-2"): 0.4,
}  # fmt: skip
FORM = {
    "name": "first", "bm25": 10, "dense_depth": 5, "random": 2, "budget": 3, "fusion": "rrf", "cut": 2,
    "near_words": 0.8, "near_cosine": 0.97, "seed": 0,
}  # fmt: skip


@pytest.fixture
def page(project):
    """The address of one of the project's pages of negatives."""

    def address(name: str, *args) -> str:
        return reverse(f"mining:{name}", args=[project.slug, *args])

    return address


@pytest.fixture
def manager(bob, client_of):
    return client_of(bob)


@pytest.fixture
def pool(garden):
    kept.forget()
    return garden.pool(bm25=10, random=2)


@pytest.fixture
def selection(garden, pool):
    run = garden.run(pool, SCORES)
    return freeze_selection(
        pool, name="strict", run=run, rule=Rule(gate=0.1), sampling=Sampling(way=Way.TOP, k=2)
    )


def text_of(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_an_empty_list_says_what_a_pool_is_and_offers_the_one_action(manager, page):
    text = text_of(manager.get(page("pool-list")))
    assert "No pools yet" in text
    assert page("pool-create") in text


def test_a_pool_is_planned_from_the_form_and_its_job_waits_for_a_worker(manager, page, garden):
    response = manager.post(page("pool-create"), FORM)
    pool = Pool.objects.get()
    assert response.url == page("pool-detail", pool.pk)
    assert pool.settings == PoolSettings(bm25=10, random=2, budget=3).as_json()
    assert (pool.job.state, pool.created_by.username) == (Job.State.QUEUED, "bob")
    text = text_of(manager.get(response.url))
    assert page("pool-progress", pool.pk) in text
    assert "Cancel" in text
    run_pool(pool.job_id)
    assert manager.get(page("pool-progress", pool.pk))["HX-Refresh"] == "true"


def test_a_form_that_makes_no_pool_says_why_and_keeps_what_was_typed(manager, page, garden):
    text = text_of(manager.post(page("pool-create"), FORM | {"bm25": 0, "random": 0}))
    assert "Choose at least one miner" in text
    assert 'value="first"' in text
    prepare_pool(garden.project, name="first", settings=PoolSettings(), here=True)
    assert "already a pool called" in text_of(manager.post(page("pool-create"), FORM))


def test_only_engines_that_embed_are_offered(manager, page, garden):
    register_engine("a judge", kind="local")
    register_engine("vectors", kind="local", model="m", engine_settings={"embeds": True})
    text = text_of(manager.get(page("pool-create")))
    assert "vectors" in text
    assert "a judge" not in text


def test_a_made_pool_shows_what_each_miner_found(manager, page, pool):
    text = text_of(manager.get(page("pool-detail", pool.pk)))
    assert "BM25" in text
    assert "with chance" in text
    assert "No judge has scored this pool yet" in text
    assert "make one" in text


def test_near_duplicates_are_shown_beside_their_positive(manager, page, garden):
    garden.add("copy", garden.candidates["c0-0"].text + " again")
    pool = garden.pool(bm25=10, random=0)
    text = text_of(manager.get(page("pool-detail", pool.pk)))
    assert "Near-duplicates of positives" in text
    assert "copy" in text


def test_a_cancelled_pool_can_be_gone_on_with(manager, page, garden):
    pool = prepare_pool(garden.project, name="one", settings=PoolSettings(), here=True)
    manager.post(page("pool-cancel", pool.pk))
    pool.job.refresh_from_db()
    assert pool.job.state == Job.State.CANCELLED
    assert "Go on" in text_of(manager.get(page("pool-detail", pool.pk)))
    manager.post(page("pool-resume", pool.pk))
    pool.job.refresh_from_db()
    assert pool.job.state == Job.State.QUEUED


def test_a_judge_runs_over_pool_and_positives(manager, page, pool, judge):
    response = manager.post(page("pool-judge", pool.pk), {"judge": judge.pk})
    run = Run.objects.get()
    assert (run.item_set, response.url) == (pool.item_set, run.get_absolute_url())


def test_a_judge_that_is_done_may_judge_again_and_is_said_to_be(manager, page, garden, pool, judge):
    hint = "A judge that is chosen again makes another run"
    assert hint not in text_of(manager.get(page("pool-detail", pool.pk)))
    done = garden.run(pool, SCORES, by=judge)
    assert hint in text_of(manager.get(page("pool-detail", pool.pk)))
    response = manager.post(page("pool-judge", pool.pk), {"judge": judge.pk}, follow=True)
    assert f"{done} of “grader” over this pool is done already: this is another." in text_of(response)
    assert judge.runs.count() == 2


def test_the_judge_that_flagged_is_no_second_judge(manager, page, garden, pool, judge):
    run = garden.run(pool, SCORES, by=judge)
    selection = freeze_selection(pool, name="one", run=run, rule=Rule(), sampling=Sampling())
    response = manager.post(page("selection-second", selection.pk), {"judge": judge.pk}, follow=True)
    assert "“grader” flagged them itself" in text_of(response)
    assert judge.runs.count() == 1


def test_a_selection_is_frozen_from_the_rule_that_was_shown(manager, page, garden, pool):
    run = garden.run(pool, SCORES)
    rule = {"run": run.pk, "margin": "share", "amount": 0.5, "gate": 0.1, "way": "top", "k": 3}
    response = manager.post(page("selection-create", pool.pk), rule | {"name": "mine"})
    selection = Selection.objects.get()
    assert response.url == page("selection-detail", selection.pk)
    first = selection.rule["first"]
    assert (first["margin"], first["amount"], first["gate"]) == ("share", 0.5, 0.1)
    assert (selection.sampling["way"], selection.sampling["k"]) == ("top", 3)
    assert selection.created_by.username == "bob"


def test_a_selection_that_cannot_be_frozen_goes_back_with_a_sentence_and_the_same_rule(
    manager, page, garden, pool
):
    run = garden.run(pool, SCORES)
    response = manager.post(page("selection-create", pool.pk), {"run": run.pk, "amount": 0.2, "name": " "})
    assert "amount=0.2" in response.url
    assert "A selection needs a name" in text_of(manager.get(response.url))
    response = manager.post(page("selection-create", pool.pk), {"run": run.pk, "band": -1, "name": "x"})
    assert "Nothing was frozen" in text_of(manager.get(response.url))
    assert not Selection.objects.exists()


def test_a_selection_shows_states_reasons_and_queries(manager, page, selection):
    text = text_of(manager.get(page("selection-detail", selection.pk)))
    for words in ("Hard negative", "above the cut: likely false negatives", "what helps soil carbon"):
        assert words in text
    assert "not the same as not relevant" in text


def test_what_is_flagged_goes_to_a_second_judge_to_people_and_a_sample_is_drawn(
    manager,
    page,
    selection,
    judge,
):
    response = manager.post(page("selection-second", selection.pk), {"judge": judge.pk})
    run = Run.objects.get(judge=judge)
    assert (response.url, run.item_set.n_items) == (run.get_absolute_url(), 2)
    response = manager.post(page("selection-people", selection.pk), {"overlap": 2})
    flagged = Round.objects.get(overlap=2)
    assert (response.url, flagged.item_set.n_items) == (flagged.get_absolute_url(), 1)
    response = manager.post(page("selection-check", selection.pk), {"n": 2})
    drawn = Round.objects.exclude(pk=flagged.pk).get()
    assert (response.url, drawn.item_set.n_items) == (drawn.get_absolute_url(), 2)
    assert "nobody has graded one yet" in text_of(manager.get(page("selection-detail", selection.pk)))


def test_a_selection_leads_back_to_its_rule_and_on_to_what_a_second_judge_says(
    manager,
    page,
    selection,
    judge,
):
    manager.post(page("selection-second", selection.pk), {"judge": judge.pk})
    text = text_of(manager.get(page("selection-detail", selection.pk)))
    addresses = [
        dict(parse_qsl(query)) for query in re.findall(r'/rule/\?([^"]+)"', text.replace("&amp;", "&"))
    ]
    back, on = addresses
    assert (back["gate"], back["way"], back["k"], back["run"]) == ("0.1", "top", "2", str(selection.run_id))
    assert on == back | {"second_run": str(Run.objects.get(judge=judge).pk)}


def test_the_checked_share_is_shown_with_its_interval(manager, page, garden, selection):
    manager.post(page("selection-check", selection.pk), {"n": 4})
    garden.grade("q0", "c0-3", 2)
    garden.grade("q1", "c1-1", 0)
    text = text_of(manager.get(page("selection-detail", selection.pk)))
    assert "1 of 2 checked" in text
    assert "0.50" in text


@pytest.mark.parametrize("act", ["second", "people", "check"])
def test_forms_without_what_they_need_say_so(manager, page, selection, act):
    response = manager.post(page(f"selection-{act}", selection.pk), {})
    assert response.url == page("selection-detail", selection.pk)
    assert 'class="notice error"' in text_of(manager.get(response.url))


def test_who_only_looks_sees_no_buttons_and_may_not_press_them(client_of, vic, page, pool, selection):
    viewer = client_of(vic)
    text = text_of(viewer.get(page("selection-detail", selection.pk)))
    assert "Draw a sample" not in text
    assert "Judge pool" not in text_of(viewer.get(page("pool-detail", pool.pk)))
    assert viewer.post(page("selection-check", selection.pk), {"n": 2}).status_code == 403


def test_pages_ask_as_often_for_many_pools_as_for_few(
    manager, page, garden, pool, selection, django_assert_max_num_queries
):
    for n in range(4):
        prepare_pool(garden.project, name=f"more {n}", settings=PoolSettings(), here=True)
    with django_assert_max_num_queries(8):
        manager.get(page("pool-list"))
    with django_assert_max_num_queries(22):
        manager.get(page("pool-detail", pool.pk))
    with django_assert_max_num_queries(16):
        manager.get(page("selection-detail", selection.pk))
