"""Agreement among people on other scales than the project's own."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotate.models import Label, Rater
from annotate.services.rounds import create_round
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from corpus.services import freeze_all_items
from reports.ceiling import ceiling
from reports.people import people_agreement
from reports.scope import scope_of


def say(round, item, name: str, grade: int, *, marks=None, rival_first=None) -> Label:
    rater, _ = Rater.objects.get_or_create(project=round.project, name=name)
    return Label.objects.create(
        item=item, rater=rater, round=round, grade=grade, marks=marks, rival_first=rival_first
    )


@pytest.fixture
def quality(collection):
    """Two people on every item: of one mind about correctness, never about the first criterion."""
    project = collection.project
    rubric = add_rubric(project, template="criteria")
    round = create_round(project, name="Quality", item_set=freeze_all_items(project), rubric=rubric)
    for place, item in enumerate(collection.items):
        say(round, item, "anna", place % 2, marks=[place % 3, 0, 0, 0])
        say(round, item, "bea", 1 - place % 2, marks=[place % 3, 4, 0, 0])
    return round


@pytest.fixture
def better(collection):
    project = collection.project
    rubric, pairs = (
        add_rubric(project, template="preference"),
        draw_pairs(freeze_all_items(project), per_query=2, seed=1),
    )
    round = create_round(project, name="Better", item_set=pairs, rubric=rubric)
    for entry in pairs.entries.select_related("item"):
        say(round, entry.item, "anna", 2, rival_first=False)  # the left one
        say(round, entry.item, "bea", 2, rival_first=True)  # the same one, on the right
    return round


def people(round, criterion: int = 0):
    return people_agreement(round.project, scope=scope_of(round.project), round=round, criterion=criterion)


def test_every_criterion_has_its_own_agreement(quality):
    assert people(quality).alpha_ordinal.value < 0
    assert people(quality, 1).alpha_ordinal.value == pytest.approx(1)
    assert people(quality, 2).alpha_ordinal.value < 0
    assert [grade.value for grade in people(quality, 1).grades] == [0, 1, 2, 3, 4]


def test_other_scales_have_no_part_in_the_projects_own_agreement(collection, quality, better):
    project = collection.project
    assert people_agreement(project, scope=scope_of(project)).n_items == 0
    assert ceiling(project, scope=scope_of(project)) is None
    collection.label([1, 2, 3], rater="one")
    collection.label([1, 2, 3], rater="two")
    assert people_agreement(project, scope=scope_of(project)).n_items == 3
    assert ceiling(project, scope=scope_of(project)).n_pairs == 3


def test_preferences_agree_by_candidate_and_tell_who_leans_to_a_side(better):
    found = people(better)
    assert found.n_items == better.item_set.n_items
    assert {rater.work.share_left for rater in found.raters} == {100.0, 0.0}
    (pair,) = found.pairs
    assert pair.n == found.n_items


def test_the_page_shows_a_criterion_and_the_side(client_of, alice, quality, better):
    client = client_of(alice)
    page = client.get(f"/p/soil/people/?round={quality.pk}&criterion=1").content.decode()
    assert '<option value="1" selected>Correctness</option>' in page
    assert "--criterion &quot;Correctness&quot;" in page or '--criterion "Correctness"' in page
    page = client.get(f"/p/soil/people/?round={better.pk}").content.decode()
    assert "Chose left" in page
    assert client.get(f"/p/soil/people/?round={quality.pk}&criterion=99").status_code == 200


def test_the_command_knows_criteria_by_name(quality):
    def run(criterion: str) -> dict:
        out = StringIO()
        call_command("people", "soil", round="Quality", criterion=criterion, json=True, stdout=out)
        return json.loads(out.getvalue())

    assert run("Correctness")["alpha_ordinal"][0] == pytest.approx(1)
    with pytest.raises(CommandError, match="choose one of Helpfulness, Correctness"):
        run("Beauty")
