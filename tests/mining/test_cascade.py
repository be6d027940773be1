"""What is flagged goes to a second judge and to people; what they say comes back."""

import numpy as np
import pytest

from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items
from corpus.models import Project
from judges.models import Run
from mining.cascade import check, draw_check, send_to_judge, send_to_people
from mining.reading import kept
from mining.rules import Rule
from mining.sampling import Sampling, Way
from mining.selections import SelectionRefused, freeze_selection, rows_of

SCORES = {
    ("q0", "c0-0"): 0.7, ("q0", "c0-1"): 0.9, ("q0", "c0-2"): 0.8, ("q0", "c0-3"): 0.3,
    ("q0", "c0-4"): 0.2, ("q0", "c0-5"): 0.1,
    ("q1", "c1-0"): 0.6, ("q1", "c1-1"): 0.2, ("q1", "c1-2"): 0.4, ("q1", "c1-3"): 0.1,
}  # fmt: skip


@pytest.fixture
def pool(garden):
    kept.forget()
    return garden.pool(bm25=10, random=0)


def select(pool, run, *, name="one", rule=None):
    return freeze_selection(
        pool, name=name, run=run, rule=rule or Rule(), sampling=Sampling(way=Way.TOP, k=3)
    )


@pytest.fixture
def selection(garden, pool):
    return select(pool, garden.run(pool, SCORES))


def named(item_set) -> list[tuple[str, str]]:
    entries = item_set.entries.order_by("position").select_related("item__query", "item__candidate")
    return [(each.item.query.external_id, each.item.candidate.external_id) for each in entries]


def test_a_second_judge_gets_what_is_flagged_with_the_positives_of_those_queries(selection, judge):
    run = send_to_judge(selection, judge)
    assert named(run.item_set) == [("q0", "c0-0"), ("q0", "c0-1"), ("q0", "c0-2")]
    assert run.item_set.made_from == {"rule": "flagged", "selection": selection.pk}
    Run.objects.filter(pk=run.pk).delete()
    assert send_to_judge(selection, judge).item_set == run.item_set


def test_nothing_flagged_is_said_so(garden, pool, judge):
    selection = select(pool, garden.run(pool, SCORES), rule=Rule(amount=-1))
    with pytest.raises(SelectionRefused, match="nothing flagged"):
        send_to_judge(selection, judge)
    with pytest.raises(SelectionRefused, match="nothing to ask"):
        send_to_people(selection)


def test_the_judge_that_flagged_them_is_not_asked_again(selection):
    with pytest.raises(SelectionRefused, match="“scorer” flagged them itself"):
        send_to_judge(selection, selection.run.judge)
    assert selection.flagged_set is None


def test_people_get_each_flagged_candidate_beside_a_positive_of_its_query(selection, alice):
    round = send_to_people(selection, overlap=2, by=alice)
    assert (round.state, round.overlap) == ("draft", 2)
    assert named(round.item_set) == [("q0", "c0-1"), ("q0", "c0-2")]
    besides = round.item_set.entries.values_list("beside__external_id", flat=True)
    assert set(besides) == {"c0-0"}
    again = send_to_people(selection, by=alice)
    assert again.name == f"{round.name} (2)"


def test_a_doubted_query_comes_with_its_positive_alone(garden, pool, alice):
    selection = select(pool, garden.run(pool, SCORES), rule=Rule(gate=0.65))
    round = send_to_people(selection, by=alice)
    assert ("q1", "c1-0") in named(round.item_set)
    assert round.item_set.entries.get(item=garden.item("q1", "c1-0")).beside is None


def test_the_labelling_screen_shows_the_positive_beside_the_candidate(selection, alice, client_of):
    round = open_round(send_to_people(selection, by=alice), by=alice)
    page = client_of(alice).get(f"/p/soil/rounds/{round.pk}/label/").content.decode()
    assert "Known to answer" in page
    assert "soil carbon number 0" in page
    assert page.index("soil carbon number 1") < page.index("soil carbon number 0")


def test_what_people_say_of_flagged_ones_decides_in_the_next_selection(garden, pool, selection, alice):
    round = open_round(send_to_people(selection, by=alice), by=alice)
    me = join_round(round, user=alice)
    for grade in (3, 0):
        slot = next_items(me)[0].slot
        save_label(slot, by=me, grade=grade, client_key=f"11111111-1111-4111-8111-11111111111{grade}")
    pool.project = Project.objects.get(pk=pool.project_id)
    after = select(pool, selection.run, name="two")
    states = {row.candidate_id: row.reason for row in rows_of(after, everything=True)}
    assert (states["c0-1"], states["c0-2"]) == ("people_positive", "people_negative")


def test_a_check_draws_from_the_picked_negatives_with_a_known_chance(selection, alice):
    round = draw_check(selection, n=3, seed=1, by=alice)
    facts = round.item_set.made_from
    # q0 has three negatives and q1 three: all are picked, and three of six are drawn.
    assert (facts["n"], facts["of"], facts["chance"], round.order) == (3, 6, 0.5, "random")
    assert not {("q0", "c0-1"), ("q0", "c0-2")} & set(named(round.item_set))
    again = draw_check(selection, n=3, seed=1, by=alice)
    assert named(again.item_set) == named(round.item_set)
    assert draw_check(selection, n=99, by=alice).item_set.n_items == 6


def test_the_checked_share_counts_what_people_have_graded_so_far(garden, selection, alice):
    assert check(selection) is None
    draw_check(selection, n=6, by=alice)
    nothing = check(selection)
    assert (nothing.n_checked, np.isnan(nothing.share.value)) == (0, True)
    garden.grade("q0", "c0-3", 2)
    garden.grade("q0", "c0-4", 0)
    garden.grade("q1", "c1-1", 1)
    garden.grade("q1", "c1-2", 0)
    found = check(selection)
    assert (found.n_relevant, found.n_checked, found.n_drawn, found.n_negatives) == (1, 4, 6, 6)
    assert found.share.value == 0.25
    assert found.share.low < 0.25 < found.share.high


def test_negatives_that_people_graded_already_are_not_drawn_again(garden, pool, alice):
    garden.grade("q0", "c0-3", 0)
    selection = select(pool, garden.run(pool, SCORES))
    assert ("q0", "c0-3") not in named(draw_check(selection, n=99, by=alice).item_set)
