"""Agreement among people: together, grade by grade, rater by rater."""

import json

import krippendorff
import numpy as np
import pytest

from annotate.models import Label, Rater, Round
from annotate.services.adjudicating import adjudicate
from corpus.services import freeze_all_items
from measures.kappa import kappa
from reports.people import people_agreement
from reports.scope import scope_of


def found(collection, round=None):
    collection.project.refresh_from_db()
    scope = scope_of(collection.project)._replace(replicates=200)
    return people_agreement(collection.project, scope=scope, round=round)


def rater_of(people, name):
    return next(each for each in people.raters if Rater.objects.get(pk=each.rater).name == name)


def test_alpha_is_that_of_the_krippendorff_package_with_missing_labels(collection):
    said = {
        "one": [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3],
        "two": [0, 1, 2, 3, 2, "-", None, 0, 1, 1, "-", "-"],
        "three": ["-", 3, 2, 3, "-", 2, 1, 1, 0, "-", "-", 2],
    }
    for rater, grades in said.items():
        collection.label(grades, rater=rater)
    people = found(collection)
    table = [[np.nan if grade in ("-", None) else grade for grade in grades] for grades in said.values()]
    for level in ("nominal", "ordinal", "interval"):
        theirs = krippendorff.alpha(
            reliability_data=table, value_domain=[0, 1, 2, 3], level_of_measurement=level
        )
        ours = getattr(people, f"alpha_{level}")
        assert ours.value == pytest.approx(theirs)
        assert ours.low <= ours.value <= ours.high
    # Item 11 has one grade only, so it says nothing; two people are no more than one pair.
    assert (people.n_items, people.n_labels) == (11, 27)


def test_fleiss_kappa_by_hand(collection):
    for rater, grades in {"one": [0, 1, 0, 1], "two": [0, 1, 0, 0], "three": [0, 1, 1, 0]}.items():
        collection.label(grades, rater=rater)
    people = found(collection)
    # P = 1, 1, 1/3, 1/3: mean 2/3; shares 7/12 and 5/12: chance 74/144
    assert people.fleiss_kappa.value == pytest.approx((2 / 3 - 74 / 144) / (70 / 144))
    by_value = {grade.value: grade for grade in people.grades}
    assert [by_value[value].n for value in (0, 1, 2, 3)] == [7, 5, 0, 0]
    # Pairs in which one said 0: 2·3 + 2·1 (items 3, 4 one pair each) agree 6 + 2·2·… by values: 0 was said
    # 3, 0, 2, 2 times; another said it too in 1, –, ½, ½ of them: (3 + 1 + 1) / 7
    assert by_value[0].specific.value == pytest.approx(5 / 7)
    assert np.isnan(by_value[3].kappa.value)


def test_two_raters_are_compared_on_what_both_graded(collection):
    one, two = [0, 1, 2, 3, 0, 1], [0, 1, 2, 3, 1, "-"]
    collection.label(one, rater="one")
    collection.label(two, rater="two")
    (pair,) = found(collection).pairs
    table = np.zeros((4, 4), dtype=int)
    np.add.at(table, (one[:5], two[:5]), 1)
    assert pair.n == 5
    assert pair.kappa.value == pytest.approx(float(kappa(table, range(4))))


def test_bias_says_who_is_lenient(crowd):
    people = found(crowd)
    assert rater_of(people, "lenient").bias.low > 0.3
    assert rater_of(people, "careful").bias.value < 0


def test_who_deals_out_grades_is_pointed_out_and_nobody_else(crowd):
    people = found(crowd)
    assert [each.rater for each in people.raters if each.looks_random] == [rater_of(people, "random").rater]
    dealt = rater_of(people, "random")
    assert dealt.chance_p > 0.05
    assert dealt.others.low > dealt.weighted.high
    assert rater_of(people, "careful").chance_p < 0.001


def test_with_two_raters_nobody_can_say_which_of_them_is_random(collection):
    generator = np.random.default_rng(1)
    for rater in ("one", "two"):
        collection.label(generator.integers(0, 4, 12).tolist(), rater=rater)
    people = found(collection)
    assert not any(each.looks_random for each in people.raters)
    assert np.isnan(people.raters[0].others.value)


def test_the_standard_is_what_most_others_said_or_what_was_decided(collection, make_user):
    collection.label([2, 2, 2], rater="one")
    collection.label([2, 2, 3], rater="two")
    collection.label([3, 2, 1], rater="three")
    # "three": others said 2 2, 2 2, and 2 3 which is a tie: one of two right
    assert rater_of(found(collection), "three").n_standard == 2
    assert rater_of(found(collection), "three").standard_accuracy.value == pytest.approx(1 / 2)
    adjudicate(collection.items[0], project=collection.project, by=make_user("judge"), grade=3)
    assert rater_of(found(collection), "three").standard_accuracy.value == 1
    assert rater_of(found(collection), "one").n_standard == 2  # items 1 (decided) and 2 (others agree)


def test_work_counts_grades_refusals_and_seconds(collection):
    labels = collection.label([0, 0, 3, None, 1], rater="one")
    for label, seconds in zip(labels, [2.0, 4.0, 9.0, None, None], strict=True):
        Label.objects.filter(pk=label.pk).update(seconds=seconds)
    work = found(collection).raters[0].work
    assert (work.n_graded, work.n_cannot_judge, work.grades) == (4, 1, [2, 1, 0, 1])
    assert work.median_seconds == 4.0
    assert work.per_hour is None  # labels from files tell nothing about hours


def test_labels_an_hour_leave_out_pauses(collection):
    from datetime import timedelta

    from django.utils import timezone

    round = Round.objects.create(
        project=collection.project,
        name="First",
        item_set=freeze_all_items(collection.project),
        rubric=collection.project.rubric,
    )
    start = timezone.now()
    for label, after in zip(
        collection.label([1] * 5, rater="one", round=round), [0, 30, 60, 3600, 3660], strict=True
    ):
        Label.objects.filter(pk=label.pk).update(created_at=start + timedelta(seconds=after))
    # gaps of 30, 30, (a pause), 60 seconds: three labels in 120 seconds
    assert found(collection).raters[0].work.per_hour == pytest.approx(90)


def test_a_round_counts_its_own_labels_alone(collection):
    round = Round.objects.create(
        project=collection.project,
        name="First",
        item_set=freeze_all_items(collection.project),
        rubric=collection.project.rubric,
    )
    for rater in ("one", "two"):
        collection.label([1, 2, 3], rater=rater, round=round)
        collection.label([0] * 6 if rater == "one" else [3] * 6, rater=f"file {rater}")
    assert found(collection, round).n_items == 3
    assert len(found(collection, round).raters) == 2
    assert found(collection, round).alpha_ordinal.value == 1
    assert found(collection).n_items == 6


def test_the_latest_grade_of_a_rater_counts_over_all_rounds(collection):
    collection.label([1, 1], rater="one")
    collection.label([1, 1], rater="two")
    round = Round.objects.create(
        project=collection.project,
        name="Again",
        item_set=freeze_all_items(collection.project),
        rubric=collection.project.rubric,
    )
    collection.label([3], rater="two", round=round)
    assert found(collection).pairs[0].n == 2
    assert found(collection).alpha_nominal.value < 1


def test_it_follows_every_label_and_is_remembered_in_between(crowd, django_assert_max_num_queries):
    scope = scope_of(crowd.project)._replace(replicates=200)
    before = people_agreement(crowd.project, scope=scope)
    with django_assert_max_num_queries(4):
        again = people_agreement(crowd.project, scope=scope)
    assert json.dumps(again, default=str) == json.dumps(before, default=str)
    crowd.label([0] * 30, rater="late")
    crowd.project.refresh_from_db()
    assert len(people_agreement(crowd.project, scope=scope).raters) == 5


def test_nobody_and_one_rater_are_no_error(collection):
    assert found(collection).raters == []
    collection.label([1, 2], rater="one")
    people = found(collection)
    assert (people.n_items, len(people.raters), people.pairs) == (0, 1, [])
    assert np.isnan(people.alpha_ordinal.value)


def test_it_takes_few_queries_whatever_the_number_of_raters(crowd, django_assert_max_num_queries):
    for number in range(5):
        crowd.label([number % 4] * 20, rater=f"more {number}")
    with django_assert_max_num_queries(17):
        found(crowd)


def test_gold_items_are_the_standard_where_there_are_any_and_count_nowhere_else(collection):
    collection.label([1, 2, 3], rater="one")
    collection.label([1, 2, 3], rater="two")
    for rater in ("one", "two"):
        collection.label(["-", "-", "-", 0, 1, 3], rater=rater, gold_grade=1)
    people = found(collection)
    assert people.has_gold
    assert people.n_items == 3
    assert people.alpha_ordinal.value == 1
    one = rater_of(people, "one")
    assert (one.n_standard, one.standard_accuracy.value) == (3, pytest.approx(1 / 3))
