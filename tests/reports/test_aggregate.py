"""One order out of several rankings, and the command."""

import io
import json
from math import nan

import pytest
from django.core.management import CommandError, call_command

from corpus.services import create_project
from reports.aggregating import Ranking, aggregate
from tests.reports.conftest import ANSWERS, GRADES, Collection


def printed(*arguments) -> str:
    out = io.StringIO()
    call_command("aggregate", *arguments, stdout=out)
    return out.getvalue()


def test_the_order_goes_against_the_fewest_preferences():
    made = aggregate(
        [
            Ranking("one", {"a": 3, "b": 2, "c": 1}),
            Ranking("two", {"a": 3, "b": 2, "c": 1}),
            Ranking("three", {"a": 1, "b": 2, "c": 3}),
        ]
    )
    assert [(each.name, each.kemeny) for each in made.placed] == [("a", 1), ("b", 2), ("c", 3)]
    assert made.n_against == 3
    assert [each.mean_place for each in made.placed] == pytest.approx([5 / 3, 2, 7 / 3])
    assert made.placed[0].borda == pytest.approx(2 / 3)


def test_what_a_ranking_does_not_hold_is_left_out_there():
    made = aggregate(
        [Ranking("one", {"a": 3, "b": 2, "c": nan}), Ranking("two", {"b": 1, "c": 2}), Ranking("x", {"a": 1})]
    )
    assert made.sources == ["one", "two"]
    assert {each.name: each.n_rankings for each in made.placed} == {"a": 1, "b": 2, "c": 1}
    assert aggregate([]).placed == []


def test_judges_are_put_in_order_over_measures_and_projects(compared):
    compared.run(GRADES, judge=compared.judge("same"))
    compared.run([3 - grade for grade in GRADES], judge=compared.judge("contrary"))
    other = Collection(create_project("Sand"))
    other.add_items(n_queries=4, per_query=3)
    other.label(GRADES)
    other.run(ANSWERS, judge=other.judge("gpt"))
    other.run(GRADES, judge=other.judge("same"))
    made = json.loads(printed("judges", "soil", "sand", "--measures", "kappa", "mae", "--json"))
    assert made["sources"] == ["soil, kappa", "soil, mae", "sand, kappa", "sand, mae"]
    assert [each["name"] for each in made["placed"]] == ["same", "gpt", "contrary"]
    assert [each["n_rankings"] for each in made["placed"]] == [4, 4, 2]
    assert "same" in printed("judges", "soil")


def test_systems_are_put_in_order_by_people_or_by_judges(ranked):
    by_people = json.loads(printed("systems", "soil", "--json"))
    assert [each["name"] for each in by_people["placed"]] == ["best", "worst", "lazy"]
    by_judges = json.loads(
        printed("systems", "soil", "--labels", "judges", "--measures", "nDCG@10", "P@2", "--json")
    )
    assert by_judges["sources"] == ["soil, nDCG@10, gpt", "soil, P@2, gpt"]


def test_what_cannot_be_done_is_said(compared):
    assert "no two systems" in printed("systems", "soil")
    for arguments, words in (
        (("judges", "sand"), "no project “sand”"),
        (("judges", "soil", "--measures", "luck"), "is no measure of judges"),
        (("systems", "soil", "--measures", "luck"), "is no measure"),
    ):
        with pytest.raises(CommandError, match=words):
            printed(*arguments)
