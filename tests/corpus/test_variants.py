"""Variants in the lists of items, and out of whatever is taken from all items."""

import pytest

from corpus.models import Item, Variant
from corpus.services import create_project, freeze_all_items
from corpus.variants import count_variants, has_only_variants, has_variants, say_left_out

URL = "/p/soil/items/"


@pytest.fixture
def make_variant(make_item):
    """Makes a variant of an item, or of nothing in the project."""

    def make(candidate_id: str, *, of: Item | None = None, query_id="q1", grade=None, **facts) -> Item:
        item = make_item(query_id, candidate_id, candidate=f"attacked {candidate_id}", grade=grade)
        facts = {"carrier": "random", "attack": "query", "words": 100} | facts
        Variant.objects.create(item=item, original=of, **facts)
        return item

    return make


def ids(response) -> list[str]:
    return [item.candidate.external_id for item in response.context["page"].rows]


def test_the_list_marks_variants_and_filters_by_them(client_of, vic, make_item, make_variant):
    make_item("q1", "c1")
    make_variant("a1")
    make_variant("a2", attack="none", words=0)
    client = client_of(vic)

    page = client.get(URL)
    assert ids(page) == ["a1", "a2", "c1"]
    assert ">query on random, 100</span>" in page.text
    assert ">clean control on random</span>" in page.text
    assert ids(client.get(URL, {"kind": "plain"})) == ["c1"]
    assert ids(client.get(URL, {"kind": "variants"})) == ["a1", "a2"]
    assert ids(client.get(URL, {"kind": "nonsense"})) == ["a1", "a2", "c1"]


def test_pages_of_variants_go_on_where_they_stopped(client_of, vic, make_item, make_variant):
    make_item("q1", "a010b")
    wanted = [f"a{n:03}" for n in range(60)]
    for name in wanted:
        make_variant(name)
    client = client_of(vic)

    first = client.get(URL, {"kind": "variants"})
    second = client.get(URL, {"kind": "variants", "after": first.context["page"].after})

    assert ids(first) + ids(second) == wanted
    back = client.get(URL, {"kind": "variants", "before": second.context["page"].before})
    assert ids(back) == ids(first)
    assert str(first.context["count"]) == "60"


def test_without_variants_there_is_nothing_to_choose(client_of, vic, make_item):
    make_item()
    assert 'name="kind"' not in client_of(vic).get(URL).text


def test_whoever_labels_is_not_told_what_was_attacked(client_of, ann, make_item, make_variant):
    original = make_item("q1", "c1")
    attacked = make_variant("a1", of=original)
    client = client_of(ann)

    page = client.get(URL, {"kind": "variants"})
    assert ids(page) == ["a1", "c1"]
    for text in (page.text, client.get(f"{URL}{attacked.pk}/").text, client.get(f"{URL}{original.pk}/").text):
        assert "ariant" not in text
        assert "random" not in text


def test_a_list_of_many_variants_costs_the_same(
    client_of, alice, make_item, make_variant, django_assert_num_queries
):
    make_item("q1", "c1")
    for n in range(30):
        make_variant(f"a{n}", query_id=f"q{n}")
    client = client_of(alice)
    with django_assert_num_queries(8):  # session, user, project, role, variants, count, items, rubric
        assert client.get(URL).status_code == 200


def test_the_page_of_a_variant_links_to_its_original_and_back(client_of, vic, make_item, make_variant):
    original = make_item("q1", "c1", grade=2)
    attacked = make_variant("a1", of=original, carrier="<b>bold</b>")
    client = client_of(vic)

    of_variant = client.get(f"{URL}{attacked.pk}/").text
    assert "A variant" in of_variant
    assert "&lt;b&gt;bold&lt;/b&gt;" in of_variant
    assert f'href="{URL}{original.pk}/">q1 × c1</a>, whose reference' in of_variant
    of_original = client.get(f"{URL}{original.pk}/").text
    assert "A variant" not in of_original
    assert f'href="{URL}{attacked.pk}/">a1</a>' in of_original


def test_the_page_of_a_variant_says_where_its_original_is_unknown(client_of, vic, make_variant):
    item = make_variant("a1", attack="empty", carrier="boundary", right="abstain", grade=0)
    text = client_of(vic).get(f"{URL}{item.pk}/").text
    assert "a text that is no item of this project" in text
    assert "say that it cannot be judged" in text
    assert "counts for this item too" not in text


def test_all_items_are_the_plain_ones(project, make_item, make_variant):
    plain = [make_item("q1", "c1"), make_item("q2", "c2")]
    make_variant("a1", of=plain[0])

    frozen = freeze_all_items(project)

    assert list(frozen.entries.order_by("position").values_list("item_id", flat=True)) == [
        item.pk for item in plain
    ]
    assert frozen.n_items == 2
    make_variant("a2")
    assert freeze_all_items(project) == frozen


def test_what_is_said_of_variants(project, make_item, make_variant):
    assert (say_left_out(project), has_variants(project), has_only_variants(project)) == ("", False, False)
    make_variant("a1")
    assert say_left_out(project) == "All items of this project are variants, which are left out here."
    assert has_only_variants(project)
    make_item("q1", "c1")
    assert say_left_out(project) == "1 variant is left out."
    make_variant("a2")
    assert say_left_out(project) == "2 variants are left out."
    assert (count_variants(project).n, has_only_variants(project)) == (2, False)
    assert not has_variants(create_project("Other"))
