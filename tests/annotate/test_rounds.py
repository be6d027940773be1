import pytest

from annotate.models import Label, Round, Slot
from annotate.services.opening import open_round
from annotate.services.queue import next_items
from annotate.services.rounds import (
    RoundRefused,
    close_round,
    create_round,
    pause_round,
    resume_round,
)
from corpus.models import ItemSet
from corpus.services import freeze_all_items


def test_opening_makes_one_slot_per_item_in_the_sets_order(
    project, items, bob, django_assert_max_num_queries
):
    draft = create_round(project, name="First pass", item_set=freeze_all_items(project), overlap=3, by=bob)
    with django_assert_max_num_queries(19):
        opened = open_round(draft, by=bob)
    slots = Slot.objects.filter(round=opened).order_by("position")
    assert [(slot.item_id, slot.places_left) for slot in slots] == [(item.pk, 3) for item in items]
    assert (opened.state, opened.opened_by) == (Round.State.OPEN, bob)


def test_opening_freezes_the_rubric(project, make_round):
    make_round()
    assert project.rubric.frozen_at


def test_a_round_opens_once(make_round):
    round = make_round()
    with pytest.raises(RoundRefused, match="“First pass” is open; it cannot open"):
        open_round(round)
    assert Slot.objects.count() == 6


def test_an_empty_round_does_not_open(project):
    empty = ItemSet.objects.create(project=project, name="Nothing")
    with pytest.raises(RoundRefused, match="no items to label"):
        open_round(create_round(project, name="First pass", item_set=empty))


def test_a_paused_round_gives_nothing_out_until_it_goes_on(make_round, ann, enter):
    round = make_round()
    paused = pause_round(round)
    assert next_items(enter(paused, ann)) == []
    assert len(next_items(enter(resume_round(round), ann))) == 3


def test_a_closed_round_stays_closed_and_keeps_its_labels(make_round, ann, enter, slots):
    from uuid import uuid4

    from annotate.services.labels import save_label

    round = make_round()
    save_label(slots(round)[0], by=enter(round, ann), grade=1, client_key=uuid4())
    close_round(pause_round(round))
    for change in (open_round, pause_round, resume_round, close_round):
        with pytest.raises(RoundRefused):
            change(round)
    assert Label.objects.current().count() == 1


def test_those_who_only_label_see_open_rounds(make_round, project, items, ann):
    opened, paused = make_round(), pause_round(make_round(name="Second pass"))
    create_round(project, name="Draft", item_set=freeze_all_items(project))
    assert list(Round.objects.visible_to({"view", "label"}, ann)) == [opened]
    assert paused in Round.objects.visible_to({"view", "label", "report"}, ann)
