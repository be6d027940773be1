"""A decision is the item's reference; labels stay; undo brings the rule's grade back."""

import threading

import pytest
from django.db import connection

from annotate.models import Adjudication, Label
from annotate.references import refresh_references
from annotate.services.adjudicating import AdjudicationRefused, adjudicate, undo_adjudication
from corpus.deleting import delete_project
from corpus.models import Project, Reference, Rubric
from corpus.services import create_project


@pytest.fixture
def disputed(project, items, give):
    """The first item, with grades 0, 3 and 3."""
    for name, grade in [("one", 0), ("two", 3), ("three", 3)]:
        give(items[0], name, grade)
    refresh_references(project)
    return items[0]


def grade_of(item) -> int | None:
    return Reference.objects.filter(item=item).values_list("grade", flat=True).first()


@pytest.mark.parametrize("rule", [Project.ReferenceRule.MAJORITY, Project.ReferenceRule.MEAN])
def test_the_decision_wins_over_every_rule(project, disputed, bob, rule):
    project.reference_rule = rule
    project.save()
    decided = adjudicate(disputed, project=project, by=bob, grade=1, note="The source is off topic.")
    assert grade_of(disputed) == 1
    assert Reference.objects.get(item=disputed).n_labels == 3
    assert (decided.by, decided.note, decided.cannot_judge) == (bob, "The source is off topic.", False)
    assert Label.objects.current().filter(item=disputed).count() == 3
    refresh_references(project)
    assert grade_of(disputed) == 1


def test_labels_that_come_later_do_not_change_it(project, disputed, bob, give):
    adjudicate(disputed, project=project, by=bob, grade=1)
    for number in range(4):
        give(disputed, f"late {number}", 3)
    refresh_references(project, [disputed.pk])
    assert grade_of(disputed) == 1


def test_what_cannot_be_judged_has_no_reference(project, disputed, bob):
    adjudicate(disputed, project=project, by=bob, grade=None)
    assert grade_of(disputed) is None


def test_an_item_without_labels_can_be_decided(project, items, bob):
    adjudicate(items[3], project=project, by=bob, grade=2)
    assert (grade_of(items[3]), Reference.objects.get(item=items[3]).n_labels) == (2, 0)


def test_a_newer_decision_supersedes(project, disputed, bob, alice):
    adjudicate(disputed, project=project, by=bob, grade=1)
    adjudicate(disputed, project=project, by=alice, grade=2)
    assert grade_of(disputed) == 2
    assert Adjudication.objects.count() == 2
    assert Adjudication.objects.current().get().by == alice


def test_undo_brings_the_rules_grade_back_and_keeps_the_row(project, disputed, bob):
    decided = adjudicate(disputed, project=project, by=bob, grade=1)
    assert undo_adjudication(decided, project=project)
    assert grade_of(disputed) == 3
    assert Adjudication.objects.get().superseded_at
    assert not undo_adjudication(decided, project=project)


def test_the_reference_version_grows_with_each_decision(project, disputed, bob):
    project.refresh_from_db()
    before = project.reference_version
    undo_adjudication(adjudicate(disputed, project=project, by=bob, grade=1), project=project)
    project.refresh_from_db()
    assert project.reference_version == before + 2


@pytest.mark.parametrize("grade", [7, -1])
def test_a_grade_that_the_scale_has_not_is_refused(project, disputed, bob, grade):
    with pytest.raises(AdjudicationRefused, match="not a grade"):
        adjudicate(disputed, project=project, by=bob, grade=grade)
    assert not Adjudication.objects.exists()


def test_cannot_judge_is_refused_where_the_scale_has_none(project, disputed, bob):
    Rubric.objects.filter(project=project).update(may_abstain=False)
    with pytest.raises(AdjudicationRefused, match="no “cannot judge”"):
        adjudicate(disputed, project=project, by=bob, grade=None)


def test_an_item_of_another_project_is_refused(disputed, bob):
    with pytest.raises(AdjudicationRefused, match="not there"):
        adjudicate(disputed, project=create_project("Other"), by=bob, grade=1)


def test_a_project_with_decisions_can_be_deleted(project, disputed, bob):
    adjudicate(disputed, project=project, by=bob, grade=1)
    delete_project(project)
    assert not Adjudication.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_leave_one_decision(project, disputed, bob, alice):
    def decide(by, grade):
        adjudicate(disputed, project=project, by=by, grade=grade)
        connection.close()

    threads = [threading.Thread(target=decide, args=each) for each in [(bob, 1), (alice, 2)] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Adjudication.objects.count() == 6
    assert Adjudication.objects.current().get().grade == grade_of(disputed)
