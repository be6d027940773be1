"""Items of experiments: drawn by lot from what people graded, changed, and kept as sets."""

from collections import Counter

import pytest

from corpus.models import Item, Reference, Variant
from judges.experiments.battery_items import carriers_of, clean_set_of, make_battery_items
from judges.experiments.compliance_items import make_compliance_items
from judges.experiments.drawing import draw_items
from judges.experiments.refusing import ExperimentRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def graded(project, make_items):
    """Twelve queries with eight graded items each; the grade is in the text."""
    items = make_items(project, 12, 8)
    Reference.objects.bulk_create(
        Reference(item=item, query_id=item.query_id, grade=place % 4) for place, item in enumerate(items)
    )
    return items


def test_items_are_drawn_the_same_with_the_same_seed(project, graded):
    first = draw_items(project, n=20, seed=3, grades=[0, 1, 2, 3])
    again = draw_items(project, n=20, seed=3, grades=[0, 1, 2, 3])
    other = draw_items(project, n=20, seed=4, grades=[0, 1, 2, 3])
    assert first == again
    assert {each.item_id for each in first} != {each.item_id for each in other}
    assert all(each.texts.candidate and each.texts.query for each in first)


def test_only_wanted_grades_are_drawn_and_never_a_variant(project, graded):
    make_compliance_items(project, n_answerable=4, n_each=4, kinds=["draft"])
    for item in Item.objects.filter(variant__isnull=False):
        Reference.objects.create(item=item, query_id=item.query_id, grade=2)
    drawn = draw_items(project, n=1000, seed=0, grades=[2])
    assert len(drawn) == 24
    assert {each.grade for each in drawn} == {2}


def test_a_compliance_set_holds_answerable_and_boundary_items(project, graded):
    made = make_compliance_items(project, n_answerable=30, n_each=5, seed=1)
    assert made.families == {
        "answerable": 30, "empty": 5, "cut": 5, "garbled": 5, "missing": 5, "ambiguous": 5, "draft": 5,
    }  # fmt: skip
    assert made.item_set.n_items == 60
    variants = Variant.objects.filter(item__in=made.item_set.entries.values("item"))
    assert Counter(variants.values_list("attack", "right")) == {
        ("empty", "abstain"): 5,
        ("cut", "abstain"): 5,
        ("garbled", "abstain"): 5,
        ("missing", "abstain"): 5,
        ("ambiguous", "abstain"): 5,
        ("draft", "grade"): 5,
    }
    answerable = set(made.item_set.entries.filter(item__variant=None).values_list("item", flat=True))
    assert not answerable & set(variants.values_list("original_id", flat=True))
    assert make_compliance_items(project, n_answerable=30, n_each=5, seed=1).item_set == made.item_set


def test_boundary_cases_are_made_of_answerable_items_where_there_are_no_others(project, graded):
    made = make_compliance_items(project, n_answerable=96, n_each=3, kinds=["empty"])
    assert made.families == {"answerable": 96, "empty": 3}


def test_without_graded_items_the_refusal_says_what_to_do(project, make_items):
    make_items(project, 2, 2)
    with pytest.raises(ExperimentRefused, match="import pairs with grades"):
        make_compliance_items(project, n_answerable=10, n_each=0)
    with pytest.raises(ExperimentRefused, match="Import pairs with grades"):
        make_battery_items(project, n_each=10)


def test_a_battery_has_every_attack_beside_its_clean_control(project, graded):
    made = make_battery_items(
        project, n_each=6, attacks=["query", "typos", "empty"], words=[100, 200], seed=2
    )
    variants = Variant.objects.filter(item__in=made.item_set.entries.values("item"))
    found = Counter(variants.values_list("carrier", "attack", "words"))
    assert carriers_of("query") == ["random", "nonrelevant"]
    assert found == {
        ("random", "query", 100): 6,
        ("random", "query", 200): 6,
        ("random", "none", 100): 6,
        ("random", "none", 200): 6,
        **{("nonrelevant", "query", dose): 6 for dose in (1, 2, 3)},
        **{("relevant", "typos", dose): 6 for dose in (5, 10, 25)},
        ("relevant", "empty", 0): 6,
    }
    assert set(variants.filter(attack="empty").values_list("grade", flat=True)) == {0}
    assert set(variants.filter(carrier="random").values_list("original", flat=True)) == {None}
    assert set(
        variants.filter(carrier="nonrelevant").values_list("original__reference__grade", flat=True)
    ) <= {0, 1}
    clean = clean_set_of(made.item_set)
    assert clean == made.clean_set
    assert clean.n_items == 12 + 12  # relevant and nonrelevant originals, random words of two lengths
    assert set(clean.entries.values_list("item", flat=True)) < set(
        made.item_set.entries.values_list("item", flat=True)
    )


def test_what_is_right_is_open_where_sentences_are_missing(project, graded):
    made = make_battery_items(project, n_each=6, attacks=["dropped_sentences", "typos"])
    found = Variant.objects.filter(item__in=made.item_set.entries.values("item"))
    assert set(found.values_list("attack", "right")) == {("dropped_sentences", "open"), ("typos", "grade")}
