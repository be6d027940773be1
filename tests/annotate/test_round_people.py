"""Rounds that are for some people only."""

from uuid import uuid4

import pytest

from annotate.models import Hold, Label
from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import next_items
from annotate.services.relieving import choose_people, relieve
from annotate.services.rounds import create_round
from corpus.models import AuditEntry, Membership
from corpus.services import freeze_all_items


@pytest.fixture
def dan(project, make_user):
    user = make_user("dan")
    Membership.objects.create(project=project, user=user, role="annotator")
    return user


@pytest.fixture
def anns(project, items, ann):
    """An open round for Ann alone."""
    made = create_round(project, name="For Ann", item_set=freeze_all_items(project), people=[ann])
    return open_round(made)


def test_others_neither_see_the_round_nor_label_in_it(anns, ann, dan, client_of, slots):
    url = f"/p/soil/rounds/{anns.pk}/"
    assert "For Ann" in client_of(ann).get("/p/soil/rounds/").content.decode()
    assert client_of(ann).get(f"{url}label/").status_code == 200
    stranger = client_of(dan)
    assert "For Ann" not in stranger.get("/p/soil/rounds/").content.decode()
    assert "For Ann" not in stranger.get("/p/soil/").content.decode()
    assert stranger.get(url).status_code == 404
    assert stranger.get(f"{url}label/").status_code == 404
    sent = {"slot": slots(anns)[0].pk, "grade": "1", "client_key": str(uuid4())}
    assert stranger.post(f"{url}label/save/", sent).status_code == 404
    assert not Label.objects.exists()


def test_a_manager_who_is_not_named_sees_it_without_a_button(anns, bob, client_of):
    page = client_of(bob).get(f"/p/soil/rounds/{anns.pk}/").content.decode()
    assert "For Ann" in page
    assert f'href="/p/soil/rounds/{anns.pk}/label/"' not in page
    assert client_of(bob).get(f"/p/soil/rounds/{anns.pk}/label/").status_code == 404


def test_a_round_that_names_nobody_takes_everybody(project, items, ann, dan, client_of):
    round = open_round(create_round(project, name="For all", item_set=freeze_all_items(project)))
    for user in (ann, dan):
        assert client_of(user).get(f"/p/soil/rounds/{round.pk}/label/").status_code == 200


def test_who_is_taken_out_gives_back_what_they_hold_and_keeps_their_labels(anns, ann, dan, enter):
    me = enter(anns, ann)
    save_label(next_items(me)[0].slot, by=me, grade=1, client_key=uuid4())
    next_items(me)
    assert choose_people(anns, [dan]) == 3
    assert not Hold.objects.exists()
    assert Label.objects.current().count() == 1
    assert AuditEntry.objects.filter(verb="round.people").exists()
    assert choose_people(anns, []) == 0


def test_a_successor_is_named_in_the_round_too(anns, project, ann, dan, enter):
    next_items(enter(anns, ann))
    relieve(ann, project=project, successor=dan)
    assert set(anns.people.all()) == {ann, dan}


def test_managers_choose_among_those_who_may_label(anns, bob, ann, vic, dan, client_of):
    client, url = client_of(bob), f"/p/soil/rounds/{anns.pk}/people/"
    client.post(url, {"people": [dan.pk]})
    assert list(anns.people.all()) == [dan]
    client.post(url, {"people": [vic.pk]})  # a viewer may not label
    assert list(anns.people.all()) == [dan]
    sent = {"name": "Two", "overlap": "2", "order": "query", "people": [ann.pk, dan.pk]}
    assert client.post("/p/soil/rounds/new/", sent).status_code == 302
    assert anns.project.rounds.get(name="Two").people.count() == 2
