"""Pairs of candidates, drawn from an item set."""

from itertools import combinations

import pytest

from corpus.models import Candidate, Item, ItemSet, Query
from corpus.pairs import NoPairs, draw_pairs
from corpus.services import freeze_all_items


@pytest.fixture
def source(project):
    """Five candidates of one query, two of another, one of a third."""
    for query_id, n in (("q1", 5), ("q2", 2), ("q3", 1)):
        query = Query.objects.create(project=project, external_id=query_id)
        for number in range(n):
            candidate = Candidate.objects.create(project=project, external_id=f"{query_id}-{number}")
            Item.objects.create(query=query, candidate=candidate)
    return freeze_all_items(project)


def pairs_of(item_set: ItemSet, query_id: str) -> list[frozenset]:
    entries = item_set.entries.filter(item__query__external_id=query_id).order_by("position")
    named = entries.values_list("item__candidate__external_id", "item__rival__external_id")
    return [frozenset(pair) for pair in named]


def test_with_enough_wanted_every_two_candidates_meet_once(source):
    found = draw_pairs(source, per_query=100, seed=1)
    every = {frozenset(pair) for pair in combinations([f"q1-{number}" for number in range(5)], 2)}
    assert sorted(map(sorted, pairs_of(found, "q1"))) == sorted(map(sorted, every))
    assert pairs_of(found, "q2") == [{"q2-0", "q2-1"}]
    assert pairs_of(found, "q3") == []
    assert (found.n_items, found.of_pairs) == (11, True)


@pytest.mark.parametrize("per_query", [1, 2, 3, 4, 5, 7, 9])
def test_every_candidate_meets_others_about_as_often(source, per_query):
    met = pairs_of(draw_pairs(source, per_query=per_query, seed=3), "q1")
    assert len(met) == len(set(met)) == per_query
    often = [sum(f"q1-{number}" in pair for pair in met) for number in range(5)]
    assert max(often) - min(often) <= 2


def test_with_as_many_pairs_as_candidates_all_hang_together(source):
    met = pairs_of(draw_pairs(source, per_query=5, seed=8), "q1")
    reached = {"q1-0"}
    for _ in range(5):
        reached |= {name for pair in met if pair & reached for name in pair}
    assert len(reached) == 5


def test_the_same_seed_draws_the_same_pairs_and_makes_no_item_twice(source):
    first = draw_pairs(source, per_query=3, seed=5)
    n_items = Item.objects.count()
    again = draw_pairs(source, per_query=3, seed=5)
    assert pairs_of(first, "q1") == pairs_of(again, "q1")
    assert first.name != again.name
    assert Item.objects.count() == n_items
    # One other seed may draw the same of so few by chance.
    others = [pairs_of(draw_pairs(source, per_query=3, seed=seed), "q1") for seed in range(6, 12)]
    assert any(other != pairs_of(first, "q1") for other in others)


def test_pairs_are_no_part_of_all_items(project, source):
    draw_pairs(source, per_query=3, seed=5)
    assert freeze_all_items(project).n_items == 8


def test_queries_with_one_candidate_give_a_sentence(project):
    query = Query.objects.create(project=project, external_id="q")
    Item.objects.create(query=query, candidate=Candidate.objects.create(project=project, external_id="c"))
    with pytest.raises(NoPairs, match="two candidates"):
        draw_pairs(freeze_all_items(project), per_query=3, seed=5)
    assert ItemSet.objects.filter(of_pairs=True).count() == 0
