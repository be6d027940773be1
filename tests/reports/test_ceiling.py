"""How far people agree with each other."""

import json

import pytest
from django.utils import timezone

from annotate.models import Label, Rater, Round
from corpus.services import freeze_all_items
from reports.ceiling import ceiling
from reports.scope import scope_of


def found(collection, **choices):
    collection.project.refresh_from_db()
    return ceiling(collection.project, scope=scope_of(collection.project, **choices)._replace(replicates=200))


def test_two_raters_are_one_pair_an_item(collection):
    collection.label([0, 1, 2, 3, 0, 1], rater="one")
    collection.label([0, 1, 2, 3, 1, 0], rater="two")
    people = found(collection)
    assert (people.n_items, people.n_pairs, people.n_raters) == (6, 6, 2)
    # Four of six alike; by chance (2·2 + 2·2 + 1·1 + 1·1) / 36 = 10/36.
    assert people.agreement.kappa.value == pytest.approx((4 / 6 - 10 / 36) / (26 / 36))
    assert people.agreement.kappa.low <= people.agreement.kappa.value <= people.agreement.kappa.high


def test_items_on_which_people_tie_count_though_they_have_no_reference(collection):
    collection.label([0, 3], rater="one")
    collection.label([3, 0], rater="two")
    assert found(collection).n_items == 2


def test_three_raters_make_three_pairs(collection):
    for rater, grade in (("cleo", 3), ("anna", 2), ("bea", 2)):
        collection.label([grade, 1] if rater == "anna" else [grade], rater=rater)
    people = found(collection)
    assert (people.n_items, people.n_pairs, people.n_raters) == (1, 3, 3)
    # anna–bea agree on 2; anna–cleo and bea–cleo say 2 and 3, whoever came first.
    assert people.figures.confusion[2][:4] == [0, 0, 1, 2]


def test_cannot_judge_is_no_grade(collection):
    collection.label([1, None, 2], rater="one")
    collection.label([1, 1, None], rater="two")
    assert found(collection).n_items == 1


def test_superseded_labels_do_not_count(collection):
    collection.label([1, 2], rater="one")
    (first, _) = collection.label([1, 2], rater="two")
    first.superseded_at = timezone.now()
    first.save()
    assert found(collection).n_items == 1


def test_of_a_raters_labels_in_two_rounds_the_latest_counts(collection):
    collection.label([1], rater="one")
    collection.label([1], rater="two")
    round = Round.objects.create(
        project=collection.project,
        name="Again",
        item_set=freeze_all_items(collection.project),
        rubric=collection.project.rubric,
    )
    Label.objects.create(item=collection.items[0], rater=Rater.objects.get(name="two"), round=round, grade=3)
    people = found(collection)
    assert people.n_pairs == 1
    assert people.figures.confusion[1][3] == 1


def test_one_rater_has_nobody_to_agree_with(compared):
    assert found(compared) is None


def test_raters_without_a_shared_item_neither(collection):
    collection.label([0, 1, "-", "-"], rater="one")
    collection.label(["-", "-", 2, 3], rater="two")
    assert found(collection) is None


def test_a_split_keeps_to_its_queries(collection):
    collection.label([1] * 12, rater="one")
    collection.label([1] * 12, rater="two")
    query = collection.items[0].query
    query.split = "tune"
    query.save()
    assert found(collection, split="tune").n_items == 3
    assert found(collection, split="test").n_items == 9


def test_it_is_remembered_while_nothing_changes(collection, django_assert_num_queries):
    collection.label([1, 2], rater="one")
    collection.label([1, 3], rater="two")
    scope = scope_of(collection.project)._replace(replicates=200)
    first = ceiling(collection.project, scope=scope)
    with django_assert_num_queries(3):  # two marks of change, the cache
        assert ceiling(collection.project, scope=scope).n_pairs == first.n_pairs


def test_the_samples_two_passes_agree_as_its_readme_says(project, settings):
    from tests.reports.conftest import Collection

    labels: dict[str, dict[tuple, int | None]] = {}
    with (settings.ROOT / "corpus" / "sample" / "labels.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            labels.setdefault(row["rater"], {})[row["query_id"], row["candidate_id"]] = row["grade"]
    collection = Collection(project)
    collection.add_items(n_queries=24, per_query=8)
    for rater, grades in labels.items():
        collection.label([grade for _, grade in sorted(grades.items())], rater=rater)
    people = found(collection)
    assert people.n_items == 182
    assert f"{people.agreement.kappa.value:.3f}" == "0.855"
    assert f"{people.agreement.kappa_binary.value:.3f}" == "0.927"
