"""The page of attacks: what there is, and one attack on one item."""

import pytest
from django.urls import reverse

from corpus.models import Reference
from corpus.services import create_project
from judges.attack_effects import LONGEST_COMPARED, compare, effect_of
from judges.conditions.attacks import ATTACKS, attack_text
from judges.conditions.boundary import BOUNDARY_KINDS
from judges.items import judged_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(project, make_items):
    [item] = make_items(project, 1, 1)
    Reference.objects.create(item=item, query_id=item.query_id, grade=1)
    return item


def look(client, **asked) -> str:
    return client.get(reverse("judges:attack-list", args=["soil"]), asked).content.decode()


def test_differences_put_together_give_both_texts():
    found = compare("a big red dog", "a red  dog ran")
    assert "".join(text for sign, text in found if sign != "+") == "a big red dog"
    assert "".join(text for sign, text in found if sign != "-") == "a red  dog ran"
    assert compare("same", "same") == [(" ", "same")]
    assert compare("", "") == []
    long = "word " * LONGEST_COMPARED
    assert compare("word", long) == [(" ", long)]


def test_every_attack_and_boundary_case_is_listed_and_can_be_shown(item, vic, client_of):
    client = client_of(vic)
    page = look(client)
    for change in [*ATTACKS, *(f"boundary:{kind}" for kind in BOUNDARY_KINDS)]:
        assert f'href="?change={change}"' in page
        shown = look(client, change=change, item=item.pk)
        assert "What it does</h2>" in shown


def test_what_an_attack_adds_is_marked(item, vic, client_of):
    page = look(client_of(vic), change="query_end", item=item.pk, dose=2)
    asked = "What about subject 0?"
    assert f'<ins class="is-new"> {asked} {asked}</ins>' in page
    assert "The human grade still holds." in page


def test_the_effect_is_the_attacks_own_text(project, item):
    [judged] = judged_items([item.pk])
    effect = effect_of(project, item.pk, change="query", carrier="random", dose=100, seed=7)
    text = "".join(text for sign, text in effect.candidate if sign != "-")
    assert text == attack_text("query", judged, dose=100, seed=7, carrier="random")
    assert len(effect.control.split()) == 100
    draft = effect_of(project, item.pk, change="boundary:draft")
    assert "draft grade for this entry: 3" in "".join(text for _sign, text in draft.candidate)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"change": "query", "dose": 9}, "The attack “query” has no dose 9"),
        ({"change": "typos", "carrier": "random"}, "The attack “typos” makes no sense on random words."),
        ({"change": "bribery"}, "bribery is not one of the available choices"),
        ({"change": "query", "dose": "x"}, "Enter a whole number"),
    ],
)
def test_what_there_is_not_is_said_on_the_page(item, vic, client_of, asked, sentence):
    assert sentence in look(client_of(vic), item=item.pk, **asked)


def test_another_projects_item_and_an_empty_project(item, vic, client_of, project, make_items):
    [foreign] = make_items(create_project("Air"), 1, 1)
    page = look(client_of(vic), change="query", item=foreign.pk)
    assert f'value="{item.pk}"' in page, "one of its own instead"
    assert f'value="{foreign.pk}"' not in page
    item.delete()
    assert "There is no item to show it on" in look(client_of(vic), change="query")
