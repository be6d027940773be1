from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from annotate.models import Hold, Label
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.queue import keep_items, next_items, put_off_item, release_items


@pytest.fixture
def round(make_round):
    return make_round()


def slots_of(holds) -> list[int]:
    return [hold.slot_id for hold in holds]


def expire():
    Hold.objects.filter(kind="lease").update(until=timezone.now() - timedelta(seconds=1))


def test_a_page_that_is_left_gives_its_items_to_others(round, ann, bob, enter):
    me, page = enter(round, ann), uuid4()
    held = slots_of(next_items(me, page=page))
    assert release_items(me, held, page=page) == 3
    assert slots_of(next_items(enter(round, bob))) == held


def test_the_last_word_of_an_old_page_takes_nothing_from_the_new_one(round, ann, enter):
    me, old, new = enter(round, ann), uuid4(), uuid4()
    held = slots_of(next_items(me, page=old))
    next_items(me, page=new)
    assert release_items(me, held, page=old) == 0
    assert slots_of(next_items(me, page=new)) == held


def test_a_reload_brings_the_same_items_in_the_same_order(round, ann, enter, slots):
    me, page = enter(round, ann), uuid4()
    first = slots(round)[0]
    save_label(first, by=me, grade=1, client_key=uuid4())
    undo_last_decision(me)
    held = slots_of(next_items(me, page=page))
    assert held[0] == first.pk
    release_items(me, held, page=page)
    assert slots_of(next_items(me, page=uuid4())) == held


def test_a_sign_of_life_keeps_the_items_and_takes_up_what_ran_out(round, ann, enter):
    me, page = enter(round, ann), uuid4()
    held = slots_of(next_items(me, page=page))
    expire()
    assert keep_items(me, held, page=page) == sorted(held)
    assert Hold.objects.live().count() == 3


def test_a_sign_of_life_tells_what_went_to_others(round, ann, bob, enter):
    me, page = enter(round, ann), uuid4()
    held = slots_of(next_items(me, page=page))
    expire()
    next_items(enter(round, bob))
    assert keep_items(me, held, page=page) == []


def test_a_later_item_comes_back_at_the_end(round, ann, enter, slots):
    me = enter(round, ann)
    first, *rest = slots(round)
    put_off_item(first, by=me)
    met = []
    while holds := next_items(me):
        met.append(holds[0].slot_id)
        save_label(holds[0].slot, by=me, grade=1, client_key=uuid4())
    assert met == [*(slot.pk for slot in rest), first.pk]


def test_others_may_take_what_somebody_put_off(round, ann, bob, enter, slots):
    first = slots(round)[0]
    put_off_item(first, by=enter(round, ann))
    assert first.pk in slots_of(next_items(enter(round, bob)))


def test_undo_brings_an_item_back_that_was_put_off(round, ann, enter, slots):
    me, first = enter(round, ann), slots(round)[0]
    put_off_item(first, by=me)
    assert undo_last_decision(me) == first
    assert next_items(me)[0].slot == first


def test_the_page_keeps_and_releases_by_posts(round, ann, client_of):
    client = client_of(ann)

    def url(name: str) -> str:
        return reverse(f"annotate:{name}", args=["soil", round.pk])

    client.get(url("label-item"))
    hold = Hold.objects.order_by("id").first()
    sent = {"slots": str(hold.slot_id), "page": str(hold.page)}
    assert client.post(url("label-keep"), sent).json() == {"held": [hold.slot_id]}
    assert client.post(url("label-release"), sent).status_code == 204
    assert Hold.objects.live().count() == 2
    for wrong in ({"slots": "1,x", "page": str(hold.page)}, {"slots": "1"}, {"slots": "1", "page": "no"}):
        assert client.post(url("label-release"), wrong).status_code == 400


def test_later_and_flag_are_buttons_of_the_page(round, ann, client_of, slots):
    client, first = client_of(ann), slots(round)[0]
    for name, more in (("label-flag", {"note": "broken"}), ("label-later", {})):
        answer = client.post(
            reverse(f"annotate:{name}", args=["soil", round.pk]), {"slot": first.pk} | more, follow=True
        )
        assert answer.status_code == 200
    assert first.flags.get().note == "broken"
    assert Hold.objects.get(slot=first).kind == Hold.Kind.LATER
    assert not Label.objects.exists()
