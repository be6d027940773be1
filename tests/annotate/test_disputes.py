"""Which items people disagree on, in which order."""

import pytest

from annotate.disputes import decided_disputes, open_disputes, place_of
from annotate.models import Label, Rater, Slot
from annotate.services.adjudicating import adjudicate, undo_adjudication
from corpus.services import create_project


@pytest.fixture
def disputes(project, items, give):
    """Spread 1 (two labels), 3 (two), 3 (three), none, cannot judge beside a grade, one label."""
    for item, grades in zip(items, [(1, 2), (0, 3), (0, 3, 3), (2, 2), (1, None), (3,)], strict=True):
        for number, grade in enumerate(grades):
            give(item, f"rater {number}", grade)
    return items


def numbers(items, disputes):
    return [[item.pk for item in items].index(dispute.item.pk) for dispute in disputes.rows]


def test_the_widest_spread_comes_first_then_most_labels(project, disputes):
    assert numbers(disputes, open_disputes(project)) == [2, 1, 0, 4]
    assert open_disputes(project).n == 4
    assert [(each.spread, each.n_labels) for each in open_disputes(project).rows][:2] == [(3, 3), (3, 2)]


def test_pages_go_on_behind_a_place(project, disputes):
    first = open_disputes(project, limit=2)
    assert (len(first.rows), first.n, first.has_more) == (2, 4, True)
    rest = open_disputes(project, after=first.rows[-1].place, limit=2)
    assert numbers(disputes, rest) == [0, 4]
    assert (rest.n, rest.has_more) == (4, False)
    assert open_disputes(project, after=rest.rows[-1].place).rows == []


def test_a_place_is_the_same_when_asked_for_one_item(project, disputes):
    for dispute in open_disputes(project).rows:
        assert place_of(dispute.item) == dispute.place
    assert place_of(disputes[3]).n_labels == 0


def test_decided_items_leave_the_list_and_come_back_by_undo(project, disputes, bob):
    decided = adjudicate(disputes[2], project=project, by=bob, grade=3)
    assert numbers(disputes, open_disputes(project)) == [1, 0, 4]
    assert numbers(disputes, decided_disputes(project)) == [2]
    undo_adjudication(decided, project=project)
    assert numbers(disputes, open_disputes(project)) == [2, 1, 0, 4]


def test_superseded_labels_and_gold_items_make_no_dispute(project, disputes):
    from django.utils import timezone

    Label.objects.filter(item=disputes[2], grade=0).update(superseded_at=timezone.now())
    Label.objects.filter(item=disputes[1]).update(gold_grade=3)
    assert numbers(disputes, open_disputes(project)) == [0, 4]


def test_other_projects_have_none_of_these(disputes):
    assert open_disputes(create_project("Other")).rows == []


def test_a_round_keeps_to_its_own_labels(project, disputes, make_round):
    round = make_round(name="Mine", overlap=2)
    for name, grade in [("rater 0", 0), ("rater 1", 1)]:
        rater = Rater.objects.get(name=name)
        Label.objects.create(item=disputes[5], rater=rater, round=round, grade=grade)
    assert numbers(disputes, open_disputes(project, round=round)) == [5]


def test_what_a_manager_sent_stands_at_the_end(project, disputes, make_round):
    round = make_round(name="Sent", overlap=2)
    Slot.objects.filter(round=round, item=disputes[3]).update(fate="adjudicate", places_left=0)
    listed = open_disputes(project)
    assert numbers(disputes, listed) == [2, 1, 0, 4, 3]
    assert listed.rows[-1].was_sent
    assert numbers(disputes, open_disputes(project, round=round)) == [3]


def test_the_list_takes_two_statements_and_one_for_the_raters(project, disputes, django_assert_num_queries):
    with django_assert_num_queries(3):
        open_disputes(project)
