from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotate.models import Hold, Label
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.queue import AnswerRefused, next_items
from annotate.services.rounds import close_round, pause_round
from corpus.models import Reference, Rubric


@pytest.fixture
def round(make_round):
    return make_round()


@pytest.fixture
def me(round, ann, enter):
    return enter(round, ann)


def test_a_saved_label_makes_the_reference_at_once(round, me, items, slots):
    label = save_label(slots(round)[0], by=me, grade=2, client_key=uuid4(), rationale="clear", seconds=3.5)
    reference = Reference.objects.get()
    assert (reference.item, reference.grade) == (items[0], 2)
    assert (label.rationale, label.seconds, label.rater) == ("clear", 3.5, me.rater)


def test_the_same_submit_twice_counts_once(round, me, slots):
    key = uuid4()
    first = save_label(slots(round)[0], by=me, grade=2, client_key=key)
    assert save_label(slots(round)[0], by=me, grade=2, client_key=key) == first
    assert Label.objects.count() == 1
    assert slots(round)[0].places_left == 0


def test_a_second_answer_corrects_the_first(round, me, slots):
    first = save_label(slots(round)[0], by=me, grade=2, client_key=uuid4())
    second = save_label(slots(round)[0], by=me, grade=0, client_key=uuid4())
    assert list(Label.objects.current()) == [second]
    first.refresh_from_db()
    assert first.superseded_at
    assert Reference.objects.get().grade == 0
    assert slots(round)[0].places_left == 0
    me.refresh_from_db()
    assert me.n_labels == 1


def test_cannot_judge_is_kept_and_gives_no_grade(round, me, slots):
    label = save_label(slots(round)[0], by=me, grade=None, client_key=uuid4())
    assert (label.grade, label.cannot_judge) == (None, True)
    assert not Reference.objects.exists()
    assert slots(round)[0].places_left == 0


def test_where_the_rubric_wants_a_grade_cannot_judge_is_refused(round, me, slots):
    Rubric.objects.update(may_abstain=False)
    with pytest.raises(AnswerRefused, match="wants a grade"):
        save_label(slots(round)[0], by=me, grade=None, client_key=uuid4())


def test_a_grade_outside_the_rubric_is_refused(round, me, slots):
    with pytest.raises(AnswerRefused, match="7 is not a grade of this round"):
        save_label(slots(round)[0], by=me, grade=7, client_key=uuid4())
    assert not Label.objects.exists()


@pytest.mark.parametrize("end", [pause_round, close_round])
def test_a_round_that_is_not_open_takes_no_answers(round, me, slots, end):
    slot = slots(round)[0]
    end(round)
    with pytest.raises(AnswerRefused, match=r"(paused|closed)\. Your answer was not counted"):
        save_label(slot, by=me, grade=1, client_key=uuid4())
    with pytest.raises(AnswerRefused, match="not open; nothing was undone"):
        undo_last_decision(me, slot=slot)


def test_a_late_answer_counts_while_there_is_room(me):
    slot = next_items(me)[0].slot
    Hold.objects.update(until=timezone.now() - timedelta(hours=1))
    assert save_label(slot, by=me, grade=1, client_key=uuid4())


def test_a_late_answer_does_not_take_a_place_that_another_holds(me, round, bob, enter):
    slot = next_items(me)[0].slot
    Hold.objects.update(until=timezone.now() - timedelta(hours=1))
    other = enter(round, bob)
    assert next_items(other)[0].slot == slot
    with pytest.raises(AnswerRefused, match="Other people have graded this item"):
        save_label(slot, by=me, grade=1, client_key=uuid4())
    assert save_label(slot, by=other, grade=1, client_key=uuid4())
    assert Label.objects.count() == 1


def test_undo_supersedes_frees_the_place_and_returns_to_the_item(me, round, slots):
    first, second = next_items(me)[:2]
    save_label(first.slot, by=me, grade=1, client_key=uuid4(), rationale="too quick")
    save_label(second.slot, by=me, grade=2, client_key=uuid4())
    for slot in (second.slot, first.slot):
        assert undo_last_decision(me) == slot
        assert next_items(me)[0].slot == slot
    assert undo_last_decision(me) is None
    assert Label.objects.count() == 2
    assert not Label.objects.current().exists()
    assert not Reference.objects.exists()
    assert slots(round)[0].places_left == 1
    me.refresh_from_db()
    assert me.n_labels == 0


def test_an_undone_item_is_nobody_elses_yet(me, round, bob, enter):
    slot = next_items(me)[0].slot
    save_label(slot, by=me, grade=1, client_key=uuid4())
    undo_last_decision(me)
    assert slot not in [hold.slot for hold in next_items(enter(round, bob))]


def test_undo_of_a_named_item_happens_once(me):
    first, second = next_items(me)[:2]
    for hold in (first, second):
        save_label(hold.slot, by=me, grade=1, client_key=uuid4())
    assert undo_last_decision(me, slot=second.slot) == second.slot
    assert undo_last_decision(me, slot=second.slot) is None
    assert Label.objects.current().get().item_id == first.slot.item_id


def test_undo_is_about_my_own_labels(me, round, bob, enter, slots):
    slot = slots(round)[0]
    save_label(slot, by=enter(round, bob), grade=1, client_key=uuid4())
    assert undo_last_decision(me) is None
    assert undo_last_decision(me, slot=slot) is None
    assert Label.objects.current().count() == 1


def test_an_imported_label_of_the_same_rater_is_another_label(me, round, slots):
    slot = slots(round)[0]
    Label.objects.create(item=slot.item, rater=me.rater, grade=3)
    save_label(slot, by=me, grade=1, client_key=uuid4())
    assert Label.objects.current().count() == 2


def test_saving_takes_a_fixed_number_of_statements(round, me, slots, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        save_label(slots(round)[0], by=me, grade=2, client_key=uuid4())
