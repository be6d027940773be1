"""Variants in the store: made in one go, used again, each beside what it was made from."""

import pytest

from corpus.making_variants import Changed, store_variants
from corpus.models import Candidate, Item, Query, Variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(project):
    query = Query.objects.create(project=project, external_id="q1", text="what slows loss", split="tune")
    candidate = Candidate.objects.create(
        project=project, external_id="d7", title="Roots", text="Cover crops."
    )
    return Item.objects.create(query=query, candidate=candidate)


def changed(item: Item, attack: str = "typos", candidate: str = "Cvoer crops.", **other) -> Changed:
    fields = {
        "query_id": item.query_id,
        "original_id": item.pk,
        "stem": item.candidate.external_id,
        "carrier": "relevant",
        "attack": attack,
        "words": 0,
        "title": "Roots",
        "candidate": candidate,
    }
    return Changed(**fields | other)


def test_variants_come_in_order_beside_their_original(project, item):
    made = store_variants(project, [changed(item, words=5), changed(item, "empty", "", words=0, grade=0)])
    found = [Variant.objects.select_related("item__candidate").get(item=pk) for pk in made]
    assert [(each.attack, each.words, each.grade) for each in found] == [("typos", 5, None), ("empty", 0, 0)]
    assert [each.item.candidate.text for each in found] == ["Cvoer crops.", ""]
    assert all(each.original_id == item.pk and each.item.query_id == item.query_id for each in found)
    assert found[0].item.candidate.external_id.startswith("d7~relevant~typos-5~")


def test_the_same_again_is_used_again(project, item):
    wanted = [changed(item), changed(item, candidate="Cover rcops."), changed(item)]
    first = store_variants(project, wanted)
    assert first[0] == first[2] != first[1]
    assert store_variants(project, wanted) == first
    assert Item.objects.count() == 3
    assert Candidate.objects.count() == 3


def test_a_changed_query_is_a_query_of_its_own_in_the_same_split(project, item):
    vague = changed(item, "ambiguous", "Cover crops.", query="what of it", right="abstain")
    [made] = store_variants(project, [vague])
    variant = Variant.objects.select_related("item__query").get(item=made)
    assert variant.item.query.text == "what of it"
    assert variant.item.query.split == "tune"
    assert variant.item.query_id != item.query_id
    assert variant.right == "abstain"
    assert store_variants(project, [vague]) == [made]
    assert Query.objects.count() == 2


def test_two_items_with_one_vague_query_share_it(project, item):
    other = Item.objects.create(
        query=item.query, candidate=Candidate.objects.create(project=project, external_id="d8", text="Till.")
    )
    made = store_variants(
        project,
        [
            changed(item, "ambiguous", "Cover crops.", query="what of it"),
            changed(other, "ambiguous", "Till.", query="what of it", stem="d8"),
        ],
    )
    assert len(set(made)) == 2
    assert Query.objects.exclude(pk=item.query_id).count() == 1


def test_ids_of_any_length_fit(project):
    query = Query.objects.create(project=project, external_id="q" * 500, text="long")
    candidate = Candidate.objects.create(project=project, external_id="d" * 500, text="text")
    item = Item.objects.create(query=query, candidate=candidate)
    store_variants(project, [changed(item, stem="d" * 500, query="short")])
    assert max(len(each) for each in Candidate.objects.values_list("external_id", flat=True)) == 500
    assert Variant.objects.count() == 1
