"""Selections frozen from a pool and a run, and what exports read of them."""

import pytest

from judges.models import Judge, Prompt, Run
from mining.choices import STATES
from mining.reading import kept, read_pairs
from mining.rules import Margin, Rule
from mining.sampling import Sampling, Way
from mining.selections import SelectionRefused, freeze_selection, rows_of, runs_over

SCORES = {
    ("q0", "c0-0"): 0.7, ("q0", "c0-1"): 0.9, ("q0", "c0-2"): 0.5, ("q0", "c0-3"): 0.3,
    ("q0", "c0-4"): None, ("q0", "c0-5"): 0.1,
    ("q1", "c1-0"): 0.6, ("q1", "c1-1"): 0.2, ("q1", "c1-2"): 0.4,
}  # fmt: skip


@pytest.fixture
def pool(garden):
    kept.forget()
    return garden.pool(bm25=10, random=0)


@pytest.fixture
def run(garden, pool):
    return garden.run(pool, SCORES)


def select(pool, run, *, name="one", rule=None, sampling=None, **more):
    return freeze_selection(
        pool, name=name, run=run, rule=rule or Rule(), sampling=sampling or Sampling(way=Way.TOP, k=2), **more
    )


def test_every_pooled_candidate_gets_a_state_and_unscored_ones_are_unjudged(pool, run):
    selection = select(pool, run)
    states = selection.counts["states"]
    # q0: a positive, c0-1 flagged, three under the cut, an abstention; q1: a positive, two scored, three not.
    assert states == {
        "positive": 2, "relabelled_positive": 0, "ambiguous": 1, "hard_negative": 5,
        "random_negative": 0, "unjudged": 4,
    }  # fmt: skip
    assert sum(states.values()) == selection.entries.count() == 12
    assert selection.counts["statuses"]["READY"] == 2
    assert selection.frozen_at


def test_rows_come_by_query_positives_first_then_by_falling_score(pool, run):
    rows = list(rows_of(select(pool, run), everything=True))
    assert [(row.query_id, row.candidate_id) for row in rows if row.query_id == "q0"] == [
        ("q0", "c0-0"), ("q0", "c0-1"), ("q0", "c0-2"), ("q0", "c0-3"), ("q0", "c0-5"), ("q0", "c0-4"),
    ]  # fmt: skip
    assert [row.query_id for row in rows] == ["q0"] * 6 + ["q1"] * 6
    first, flagged = rows[0], rows[1]
    assert (first.state, first.reason, first.grade, first.score) == ("positive", "positive", 3, 0.7)
    assert (flagged.state, flagged.reason, flagged.picked) == ("ambiguous", "flagged", False)
    assert (flagged.miner, flagged.judge, flagged.rule) == ("BM25", "scorer", "s > s⁺ − 0.01")
    assert flagged.candidate.startswith("soil carbon number 1")


def test_only_picked_rows_go_out_unless_everything_is_asked_for(pool, run):
    rows = list(rows_of(select(pool, run)))
    assert [(row.query_id, row.candidate_id) for row in rows] == [
        ("q0", "c0-0"), ("q0", "c0-2"), ("q0", "c0-3"), ("q1", "c1-0"), ("q1", "c1-2"), ("q1", "c1-1"),
    ]  # fmt: skip
    assert all(row.picked for row in rows)


def test_the_prompts_hash_and_log_odds_come_with_the_rows(garden, pool):
    prompt = Prompt.objects.create(project=garden.project, name="p", content_hash="abc")
    judge = Judge.objects.create(
        project=garden.project, name="yes", prompt=prompt, rubric=garden.project.rubric
    )
    run = garden.run(pool, SCORES, by=judge)
    run.verdicts.filter(score=0.7).update(log_odds=0.847)
    row = next(rows_of(select(pool, run)))
    assert (row.prompt_hash, row.log_odds, row.judge) == ("abc", 0.847, "yes")


def test_a_query_whose_positive_the_judge_doubts_gives_nothing(pool, run):
    selection = select(pool, run, rule=Rule(gate=0.65))
    assert {row.query_id for row in rows_of(selection)} == {"q0"}
    assert selection.counts["statuses"]["DOUBTED"] == 1
    doubted = selection.entries.filter(query__external_id="q1", score__isnull=False)
    assert set(doubted.values_list("state", flat=True)) == {"positive", "ambiguous"}


def test_grades_that_people_gave_since_count_and_nothing_frozen_changes(garden, pool, run):
    before = select(pool, run)
    garden.grade("q0", "c0-1", 3)
    garden.grade("q0", "c0-2", 0)
    after = select(pool, run, name="two")
    rows = {row.candidate_id: row for row in rows_of(after, everything=True)}
    assert (rows["c0-1"].state, rows["c0-1"].reason, rows["c0-1"].grade) == (
        "relabelled_positive", "people_positive", 3,
    )  # fmt: skip
    assert (rows["c0-2"].state, rows["c0-2"].reason, rows["c0-2"].grade) == (
        "hard_negative", "people_negative", 0,
    )  # fmt: skip
    old = {row.candidate_id: row for row in rows_of(before, everything=True)}
    assert (old["c0-1"].state, old["c0-2"].state) == ("ambiguous", "hard_negative")


def test_a_second_run_confirms_or_clears_what_was_flagged(garden, pool, run):
    garden.grade("q1", "c1-0", 2)
    second = garden.run(pool, {("q0", "c0-0"): 0.5, ("q0", "c0-1"): 0.8}, by=garden.judge("elder"))
    selection = select(pool, run, second_run=second)
    row = next(row for row in rows_of(selection, everything=True) if row.candidate_id == "c0-1")
    assert (row.state, row.reason) == ("relabelled_positive", "confirmed")
    assert selection.rule["second"] == Rule().as_json()


def test_grades_alone_serve_as_scores(garden, pool):
    run = garden.run(pool, {})
    for name, grade in (("c0-0", 2), ("c0-1", 3), ("c0-2", 0)):
        run.verdicts.create(run=run, item=garden.item("q0", name), outcome="graded", grade=grade)
    selection = select(pool, run, rule=Rule(margin=Margin.FIXED, amount=1.5))
    states = {row.candidate_id: row.state for row in rows_of(selection, everything=True)}
    assert (states["c0-1"], states["c0-2"]) == ("ambiguous", "hard_negative")


def test_near_duplicates_are_in_no_selection(garden):
    garden.add("copy", garden.candidates["c0-0"].text)
    pool = garden.pool(bm25=10, random=0)
    assert pool.counts["n_duplicates"] == 1
    run = garden.run(pool, {("q0", "c0-0"): 0.7})
    assert not select(pool, run).entries.filter(candidate__external_id="copy").exists()


def test_a_selection_needs_scores_a_name_and_a_pool_that_is_made(garden, pool, run):
    empty = garden.run(pool, {}, by=garden.judge("mute"))
    with pytest.raises(SelectionRefused, match="no score"):
        select(pool, empty)
    with pytest.raises(SelectionRefused, match="needs a name"):
        select(pool, run, name=" ")
    with pytest.raises(SelectionRefused, match="200 characters"):
        select(pool, run, name="x" * 201)
    select(pool, run)
    with pytest.raises(SelectionRefused, match="choose another"):
        select(pool, run)
    pool.frozen_at = None
    with pytest.raises(SelectionRefused, match="not made yet"):
        select(pool, run, name="two")


def test_runs_with_the_pools_items_are_offered_and_no_experiments(garden, pool, run):
    other = garden.run(pool, {("q0", "c0-0"): 0.7}, by=garden.judge("imported"))
    Run.objects.filter(pk=other.pk).update(item_set=None)
    nothing = garden.run(pool, {}, by=garden.judge("elsewhere"))
    Run.objects.filter(pk=nothing.pk).update(item_set=None)
    assert [each.pk for each in runs_over(pool)] == [run.pk, other.pk]


def test_what_was_read_is_kept_until_people_or_the_run_say_something_new(
    garden, pool, run, django_assert_num_queries
):
    read_pairs(pool, run)
    with django_assert_num_queries(0):
        found = read_pairs(pool, run)
    assert found.pairs.people.tolist().count(0) == 0
    garden.grade("q0", "c0-2", 0)
    pool.project.refresh_from_db()
    assert read_pairs(pool, run).pairs.people.tolist().count(0) == 1


def test_freezing_takes_as_many_queries_whatever_the_number_of_pairs(
    garden, pool, run, django_assert_max_num_queries
):
    with django_assert_max_num_queries(16):
        select(pool, run)


def test_diverse_needs_a_dense_pool(garden, pool, run):
    with pytest.raises(ValueError, match="embeddings"):
        select(pool, run, sampling=Sampling(way=Way.DIVERSE, k=2))


def test_the_states_are_the_six_that_exports_know():
    assert [str(state) for state in STATES] == [
        "positive", "relabelled_positive", "ambiguous", "hard_negative", "random_negative", "unjudged",
    ]  # fmt: skip
