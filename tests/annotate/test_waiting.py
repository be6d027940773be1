from uuid import uuid4

import pytest
from django.urls import reverse

from annotate.models import Label
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.queue import AnswerRefused, next_items, skip_item
from annotate.services.waiting import flag_item, waiting_items


@pytest.fixture
def round(make_round):
    return make_round(overlap=2)


@pytest.fixture
def settle(round, bob, client_of):
    url = reverse("annotate:slot-settle", args=["soil", round.pk])
    return lambda slot, fate: client_of(bob).post(url, {"slot": slot.pk, "fate": fate}, follow=True)


def test_an_item_that_everybody_skipped_waits_for_the_managers(round, ann, bob, enter, slots):
    first = slots(round)[0]
    people = [enter(round, user) for user in (ann, bob)]
    skip_item(first, by=people[0])
    assert waiting_items(round) == []
    skip_item(first, by=people[1])
    assert [(each.slot, each.is_nobodys) for each in waiting_items(round)] == [(first, True)]


def test_an_item_that_one_graded_and_the_other_skipped_waits_too(round, ann, bob, enter, slots):
    first = slots(round)[0]
    save_label(first, by=enter(round, ann), grade=1, client_key=uuid4())
    skip_item(first, by=enter(round, bob))
    assert [each.slot for each in waiting_items(round)] == [first]


def test_a_flag_reaches_the_managers_and_the_item_stays(round, ann, bob, enter, client_of):
    me = enter(round, ann)
    slot = next_items(me)[0].slot
    flag_item(slot, by=me, note="<b>odd</b>")
    flag_item(slot, by=me, note="<b>very odd</b>")
    assert next_items(me)[0].slot == slot
    text = client_of(bob).get(round.get_absolute_url()).text
    assert "&lt;b&gt;very odd&lt;/b&gt;" in text
    assert "&lt;b&gt;odd" not in text
    assert "very odd" not in client_of(ann).get(round.get_absolute_url()).text


def test_given_back_an_item_is_everybodys_again(round, ann, bob, enter, slots, settle):
    first = slots(round)[0]
    for user in (ann, bob):
        skip_item(first, by=enter(round, user))
    assert "back in the queue" in settle(first, "give_back").text
    assert waiting_items(round) == []
    assert next_items(enter(round, ann))[0].slot == first


@pytest.mark.parametrize("fate", ["dropped", "adjudicate"])
def test_an_item_taken_out_is_nobodys_and_can_come_back(round, ann, bob, enter, slots, settle, fate):
    first, me = slots(round)[0], enter(round, ann)
    save_label(first, by=me, grade=1, client_key=uuid4())
    settle(first, fate)
    round.refresh_from_db()
    assert round.n_places == 11  # 6 items × 2, less the place nobody fills now
    assert first not in [hold.slot for hold in next_items(enter(round, bob))]
    with pytest.raises(AnswerRefused, match="managers have taken this item out"):
        save_label(first, by=enter(round, bob), grade=1, client_key=uuid4())
    assert Label.objects.current().count() == 1
    undo_last_decision(me, slot=first)
    round.refresh_from_db()
    assert round.n_places == 10
    settle(first, "give_back")
    round.refresh_from_db()
    first.refresh_from_db()
    assert (round.n_places, first.places_left, first.fate) == (12, 2, "")


def test_an_item_is_taken_out_in_one_way(round, slots, settle):
    settle(slots(round)[0], "dropped")
    assert "taken out already" in settle(slots(round)[0], "adjudicate").text
    assert "not something" in settle(slots(round)[0], "burn").text
