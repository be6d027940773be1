"""Labels drawn by priority are told apart from a fair sample."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command

from annotate.models import Round
from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items
from annotate.services.rounds import create_round
from corpus.rubrics import add_rubric
from corpus.services import freeze_all_items
from reports.drawing import drawn_rounds


@pytest.fixture
def drawn(collection):
    """An open round over twelve items, drawn by priority."""
    items = freeze_all_items(collection.project)
    items.entries.update(priority=0.5)
    made = create_round(collection.project, name="Hard ones", item_set=items, order=Round.Order.PRIORITY)
    return open_round(made)


def label(round: Round, user, n: int) -> None:
    me = join_round(round, user=user)
    for _ in range(n):
        save_label(next_items(me)[0].slot, by=me, grade=1, client_key=uuid4())


def test_a_round_is_named_while_some_of_it_is_labelled(drawn, ann):
    project = drawn.project
    assert drawn_rounds(project) == []
    label(drawn, ann, 3)
    assert drawn_rounds(project) == [("Hard ones", 3, 12)]
    assert drawn_rounds(project, round=drawn) == [("Hard ones", 3, 12)]
    label(drawn, ann, 9)
    assert drawn_rounds(project) == []


def test_other_orders_and_other_scales_are_no_matter_of_the_projects_figures(collection, drawn, ann):
    project = collection.project
    Round.objects.filter(pk=drawn.pk).update(order=Round.Order.RANDOM)
    label(drawn, ann, 3)
    assert drawn_rounds(project) == []
    rubric = add_rubric(project, template="yes_no")
    made = create_round(
        project, name="Apart", item_set=drawn.item_set, order=Round.Order.PRIORITY, rubric=rubric
    )
    apart = open_round(made)
    label(apart, ann, 1)
    assert drawn_rounds(project) == []
    assert [each.name for each in drawn_rounds(project, round=apart)] == ["Apart"]


def test_pages_and_commands_say_so(collection, drawn, ann, alice, client_of):
    collection.run([1] * 12)
    label(drawn, ann, 3)
    for page in ("agreement", "people"):
        shown = client_of(alice).get(f"/p/soil/{page}/").content.decode()
        assert "“Hard ones” items are drawn by priority, and 3 of 12 labels are given" in shown
    out = StringIO()
    call_command("agreement", "soil", json=True, stdout=out)
    told = json.loads(out.getvalue())[0]["drawn_by_priority"]
    assert told == [{"name": "Hard ones", "n_labels": 3, "n_places": 12}]
    out = StringIO()
    call_command("people", "soil", json=True, stdout=out)
    assert json.loads(out.getvalue())["drawn_by_priority"] == told
