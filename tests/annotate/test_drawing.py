from uuid import uuid4

import pytest

from annotate.models import Label, Round, Slot
from annotate.services import drawing, opening
from annotate.services.labels import save_label
from annotate.services.opening import open_round, openings, run_opening, start_opening
from annotate.services.queue import next_items
from annotate.services.rounds import RoundRefused, create_round
from corpus.models import ItemSetEntry, Job
from corpus.services import freeze_all_items


@pytest.fixture
def make_drawn(project, add_items):
    def make(n_items: int = 12, *, order: str, name: str = "Drawn", **options) -> Round:
        add_items(project, n_items)
        return create_round(project, name=name, item_set=freeze_all_items(project), order=order, **options)

    return make


def grade_all(me) -> list[int]:
    met = []
    while holds := next_items(me):
        met.append(holds[0].slot.item_id)
        save_label(holds[0].slot, by=me, grade=1, client_key=uuid4())
    return met


def test_a_random_order_is_each_persons_own_and_complete(make_drawn, enter, ann, bob, project):
    round = open_round(make_drawn(order="random", overlap=2))
    orders = [grade_all(enter(round, user)) for user in (ann, bob)]
    items = sorted(Slot.objects.filter(round=round).values_list("item_id", flat=True))
    assert sorted(orders[0]) == sorted(orders[1]) == items
    assert orders[0] != orders[1]
    assert orders[0] != items


def test_a_random_order_goes_block_by_block(make_drawn, enter, ann, monkeypatch):
    monkeypatch.setattr(drawing, "FIND_IN_BLOCK", drawing.FIND_IN_BLOCK.replace(f"+ {drawing.BLOCK}", "+ 4"))
    monkeypatch.setattr(drawing, "BLOCK", 4)
    round = open_round(make_drawn(order="random"))
    position = dict(Slot.objects.filter(round=round).values_list("item_id", "position"))
    blocks = [position[item] // 4 for item in grade_all(enter(round, ann))]
    assert blocks == [0] * 4 + [1] * 4 + [2] * 4


def test_the_same_seed_draws_the_same_order(make_drawn):
    round = make_drawn(order="random")
    round = open_round(round)
    again = create_round(round.project, name="Again", item_set=round.item_set, order="random")
    Round.objects.filter(pk=again.pk).update(seed=round.seed)
    again = open_round(again)
    orders = [list(each.slots.order_by("position").values_list("item", flat=True)) for each in (round, again)]
    assert orders[0] == orders[1]


def test_priorities_are_drawn_by_lot_and_the_chance_is_kept(make_drawn, enter, ann):
    round = make_drawn(order="priority")
    entries = list(ItemSetEntry.objects.filter(item_set=round.item_set).order_by("position"))
    for entry in entries:
        ItemSetEntry.objects.filter(item_set=entry.item_set_id, position=entry.position).update(
            priority=1.0 if entry.position % 2 else None
        )
    round = open_round(round)
    slots = list(round.slots.order_by("position"))
    weights = [1.0 if _is_high(slot, entries) else 0.001 for slot in slots]
    for number, slot in enumerate(slots):  # its weight among those not drawn before it
        assert slot.chance == pytest.approx(weights[number] / sum(weights[number:]))
    assert slots[-1].chance == pytest.approx(1.0)
    grade_all(enter(round, ann))
    assert dict(Label.objects.values_list("item", "drawn_with")) == {
        slot.item_id: slot.chance for slot in slots
    }


def _is_high(slot, entries) -> bool:
    return next(entry.position for entry in entries if entry.item_id == slot.item_id) % 2 == 1


def test_without_priorities_there_is_nothing_to_draw_by(make_drawn):
    with pytest.raises(RoundRefused, match="no priorities"):
        open_round(make_drawn(order="priority"))


@pytest.mark.django_db(transaction=True)
def test_a_large_round_is_opened_by_a_job(make_drawn, alice, monkeypatch):
    monkeypatch.setattr(opening, "LARGE", 10)
    monkeypatch.setattr(opening, "CHUNK", 5)
    round = make_drawn(order="random")
    job = start_opening(round, by=alice)
    assert (job.kind, job.n_total, job.created_by) == (Job.Kind.OPEN_ROUND, 12, alice)
    with pytest.raises(RoundRefused, match="being opened already"):
        start_opening(round)
    assert run_opening(job.pk).state == Job.State.DONE
    round.refresh_from_db()
    assert (round.state, round.n_items, round.opened_by) == (Round.State.OPEN, 12, alice)
    assert sorted(round.slots.values_list("position", flat=True)) == list(range(12))
    assert openings(round).get().n_done == 12
    assert run_opening(job.pk) is None
