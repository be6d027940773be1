"""Eight people at once on the real database: each item ends with exactly its overlap, no more, no less."""

import random
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from annotate.models import Hold, Label, Slot
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.opening import open_round
from annotate.services.queue import AnswerRefused, next_items, skip_item
from annotate.services.rounds import create_round
from corpus.models import Reference, User
from corpus.services import freeze_all_items

N_PEOPLE, N_ITEMS, OVERLAP = 8, 60, 2


def label_like_a_person(participation, seed: int, *, is_done, has_much_left) -> int:
    """Grade until the round is done, with the mishaps of real life; returns how many answers were refused.

    Nobody skips near the end: when the others have left already, a place that an undo opened again and its
    last person then skips would stay open for ever.
    """
    chance = random.Random(seed)
    n_refused = 0
    try:
        while not is_done():
            holds = next_items(participation)
            if not holds:
                continue
            slot = holds[0].slot
            if chance.random() < 0.1:  # everything this person holds runs out while they think
                Hold.objects.filter(rater=participation.rater_id, kind=Hold.Kind.LEASE).update(
                    until=timezone.now() - timedelta(seconds=1)
                )
            if chance.random() < 0.05 and participation.skips().count() < 5 and has_much_left():
                skip_item(slot, by=participation)
                continue
            key, grade = uuid4(), chance.randrange(4)
            try:
                for _ in range(chance.choice([1, 1, 2])):  # some submits come twice
                    save_label(slot, by=participation, grade=grade, client_key=key)
                if chance.random() < 0.1:
                    undo_last_decision(participation)
            except AnswerRefused:
                n_refused += 1
    finally:
        connection.close()
    return n_refused


@pytest.mark.django_db(transaction=True)
def test_eight_people_give_every_item_exactly_its_overlap(project, add_items, enter):
    add_items(project, N_ITEMS, n_queries=6)
    round = open_round(
        create_round(project, name="Together", item_set=freeze_all_items(project), overlap=OVERLAP)
    )
    people = [enter(round, User.objects.create(username=f"person{n}")) for n in range(N_PEOPLE)]

    ends: list[Future] = []

    def is_done() -> bool:
        if any(end.done() and end.exception() for end in ends):
            return True  # a person who fell over holds items: the others would wait for them
        return not Slot.objects.filter(round=round, places_left__gt=0).exists()

    def has_much_left() -> bool:
        return Slot.objects.filter(round=round, places_left__gt=0).count() > N_ITEMS // 2

    with ThreadPoolExecutor(N_PEOPLE) as pool:
        for number, each in enumerate(people):
            work = {"is_done": is_done, "has_much_left": has_much_left}
            ends.append(pool.submit(label_like_a_person, each, number, **work))
        for end in ends:
            end.result(timeout=120)

    current = Label.objects.current().filter(round=round)
    per_item: dict[int, list[int]] = {}
    for item, rater in current.values_list("item_id", "rater_id"):
        per_item.setdefault(item, []).append(rater)
    assert len(per_item) == N_ITEMS
    assert all(len(raters) == len(set(raters)) == OVERLAP for raters in per_item.values())
    for participation in round.participations.all():
        assert participation.n_labels == participation.labels().count()
    assert_references_are_the_majority(per_item, round)


def assert_references_are_the_majority(per_item, round):
    """Two labels agree, and are the reference, or tie, and leave the item open."""
    references = dict(Reference.objects.values_list("item_id", "grade"))
    for item in per_item:
        grades = set(Label.objects.current().filter(round=round, item=item).values_list("grade", flat=True))
        assert references.get(item) == (grades.pop() if len(grades) == 1 else None)


@pytest.mark.django_db(transaction=True)
def test_one_submit_that_arrives_four_times_at_once_is_one_label(make_round, ann, enter, slots):
    round = make_round()
    participation, slot, key = enter(round, ann), slots(round)[0], uuid4()

    def submit() -> int:
        try:
            return save_label(slot, by=participation, grade=1, client_key=key).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        labels = [future.result(timeout=60) for future in [pool.submit(submit) for _ in range(4)]]
    assert len(set(labels)) == Label.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_place_goes_to_one_of_many(project, add_items, enter):
    add_items(project, 1, n_queries=1)
    round = open_round(create_round(project, name="One", item_set=freeze_all_items(project)))
    people = [enter(round, User.objects.create(username=f"person{n}")) for n in range(N_PEOPLE)]

    def ask(participation) -> int:
        try:
            return len(next_items(participation))
        finally:
            connection.close()

    with ThreadPoolExecutor(N_PEOPLE) as pool:
        assert sum(pool.map(ask, people)) == 1
