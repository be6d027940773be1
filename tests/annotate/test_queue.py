from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from annotate.models import Hold, Label, Rater
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.queue import next_items, return_skipped, skip_item


def expire(**which):
    Hold.objects.filter(**which).update(until=timezone.now() - timedelta(hours=1))


def items_of(holds) -> list[int]:
    return [hold.slot.item_id for hold in holds]


def grade_all(participation, grade: int = 1) -> list[int]:
    graded = []
    while holds := next_items(participation):
        save_label(holds[0].slot, by=participation, grade=grade, client_key=uuid4())
        graded.append(holds[0].slot.item_id)
    return graded


def test_a_person_holds_the_current_item_and_the_next_two(make_round, ann, enter, items):
    holds = next_items(enter(make_round(), ann))
    assert items_of(holds) == [item.pk for item in items[:3]]


def test_asking_again_gives_the_same_items(make_round, ann, enter):
    participation = enter(make_round(), ann)
    assert items_of(next_items(participation)) == items_of(next_items(participation))
    assert Hold.objects.count() == 3


def test_two_people_never_hold_one_place(make_round, ann, bob, enter, items):
    round = make_round()
    first, second = next_items(enter(round, ann)), next_items(enter(round, bob))
    assert not set(items_of(first)) & set(items_of(second))
    assert next_items(enter(round, ann))


def test_an_item_with_two_places_is_held_by_two_and_no_more(make_round, ann, bob, alice, enter, items):
    round = make_round(overlap=2)
    first, second, third = (items_of(next_items(enter(round, user))) for user in (ann, bob, alice))
    assert first == second == [item.pk for item in items[:3]]
    assert third == [item.pk for item in items[3:]]


def test_an_expired_lease_returns_to_the_queue(make_round, ann, bob, enter):
    round = make_round()
    held = items_of(next_items(enter(round, ann)))
    expire(rater__user=ann)
    assert items_of(next_items(enter(round, bob))) == held


def test_answers_renew_what_a_person_holds(make_round, ann, enter):
    participation = enter(make_round(), ann)
    next_items(participation)
    soon = timezone.now() + timedelta(seconds=5)
    Hold.objects.update(until=soon)
    next_items(participation)
    assert not Hold.objects.filter(until__lte=soon).exists()


def test_nobody_gets_an_item_twice(make_round, ann, enter, items):
    assert grade_all(enter(make_round(overlap=2), ann)) == [item.pk for item in items]


def test_items_that_came_back_are_found_behind_the_place_reached(make_round, ann, bob, enter, items):
    round = make_round()
    next_items(enter(round, ann))
    ahead = enter(round, bob)
    assert sorted(grade_all(ahead)) == [item.pk for item in items[3:]]
    expire(rater__user=ann)
    assert sorted(grade_all(ahead)) == [item.pk for item in items[:3]]


def test_a_skipped_item_goes_to_others_and_not_back(make_round, ann, bob, enter, items):
    round = make_round()
    participation = enter(round, ann)
    skip_item(next_items(participation)[0].slot, by=participation)
    assert items[0].pk not in items_of(next_items(participation))
    assert items_of(next_items(enter(round, bob)))[0] == items[0].pk


def test_skipping_twice_or_after_grading_changes_nothing(make_round, ann, enter, slots):
    round = make_round()
    participation = enter(round, ann)
    first, second = slots(round)[:2]
    skip_item(first, by=participation)
    skip_item(first, by=participation)
    save_label(second, by=participation, grade=1, client_key=uuid4())
    skip_item(second, by=participation)
    assert [hold.slot for hold in participation.skips()] == [first]


def test_skipped_items_can_be_brought_back(make_round, ann, enter, items):
    participation = enter(make_round(), ann)
    for hold in next_items(participation):
        skip_item(hold.slot, by=participation)
    grade_all(participation)
    assert next_items(participation) == []
    assert return_skipped(participation) == 3
    assert items_of(next_items(participation)) == [item.pk for item in items[:3]]


def test_undo_of_a_skip_returns_to_the_item(make_round, ann, enter, items):
    participation = enter(make_round(), ann)
    skip_item(next_items(participation)[0].slot, by=participation)
    assert undo_last_decision(participation).item_id == items[0].pk
    assert items_of(next_items(participation))[0] == items[0].pk


def test_the_number_of_statements_does_not_grow_with_the_round(
    make_round, ann, enter, django_assert_max_num_queries
):
    participation = enter(make_round(), ann)
    # savepoint, the person's lock, renewal, place reached, search, take, the holds
    with django_assert_max_num_queries(9):
        next_items(participation)
    with django_assert_max_num_queries(9):
        next_items(participation)


def test_a_member_labels_under_their_username(make_round, ann, enter):
    participation = enter(make_round(), ann)
    assert (participation.rater.name, participation.rater.user) == ("ann", ann)
    assert enter(participation.round, ann) == participation


def test_a_name_from_a_file_does_not_become_somebodys_own(make_round, project, ann, enter):
    Rater.objects.create(project=project, name="ann")
    assert enter(make_round(), ann).rater.name == "ann (2)"


def test_every_label_counts_in_the_kept_numbers(make_round, ann, bob, enter):
    round = make_round(overlap=2)
    for user in (ann, bob):
        grade_all(enter(round, user))
    undo_last_decision(enter(round, ann))
    for participation in round.participations.all():
        assert participation.n_labels == participation.labels().count()
    for slot in round.slots.all():
        current = Label.objects.current().filter(round=round, item=slot.item_id).count()
        assert slot.places_left == round.overlap - current
