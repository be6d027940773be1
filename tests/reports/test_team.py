"""The team page and what is done from it: roles, pausing, reassigning, removing."""

import pytest
from django.urls import reverse

from annotate.models import Hold, Label
from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items, skip_item
from annotate.services.rounds import create_round
from corpus.models import Candidate, Item, LastOwner, Membership, Query
from corpus.services import create_project, freeze_all_items

TEAM = "/p/soil/team/"
KEY = "11111111-1111-4111-8111-111111111111"


def membership(user) -> Membership:
    return Membership.objects.get(user=user)


def act(client, name: str, user, **sent):
    url = reverse(f"corpus:member-{name}", args=["soil", membership(user).pk])
    return client.post(url, sent, follow=True)


@pytest.fixture
def round(project):
    query = Query.objects.create(project=project, external_id="q", text="What is soil?")
    for number in range(6):
        candidate = Candidate.objects.create(project=project, external_id=f"c{number}", text="Earth.")
        Item.objects.create(query=query, candidate=candidate)
    return open_round(create_round(project, name="First", item_set=freeze_all_items(project)))


def test_the_page_says_who_is_there_and_what_they_did(client_of, bob, ann, round):
    me = join_round(round, user=ann)
    save_label(next_items(me)[0].slot, by=me, grade=1, client_key=KEY)
    page = client_of(bob).get(TEAM)
    row = next(row for row, _ in page.context["rows"] if row.member.user == ann)
    assert (row.n_labels, row.n_held) == (1, 2)
    assert row.last_active_at is not None


def test_a_site_admin_brings_somebody_in_by_username(client_of, root, project, charlie):
    sent = {"username": "charlie", "role": "viewer"}
    response = client_of(root).post(TEAM + "members/new/", sent, follow=True)
    assert membership(charlie).role == "viewer"
    assert "charlie is now viewer" in response.content.decode()


def test_a_name_that_nobody_has_is_refused(client_of, root, project):
    sent = {"username": "nobody", "role": "viewer"}
    page = client_of(root).post(TEAM + "members/new/", sent).content.decode()
    assert "Nobody who can log in has this username" in page


def test_a_member_is_not_added_twice(client_of, root, bob):
    sent = {"username": "bob", "role": "owner"}
    page = client_of(root).post(TEAM + "members/new/", sent).content.decode()
    assert "is a member already" in page
    assert membership(bob).role == "manager"


def test_an_owner_changes_roles(client_of, alice, bob):
    act(client_of(alice), "change", bob, role="viewer")
    assert membership(bob).role == "viewer"


def test_a_role_that_does_not_exist_changes_nothing(client_of, alice, bob):
    page = act(client_of(alice), "change", bob, role="king")
    assert "not yours to give" in page.content.decode()
    assert membership(bob).role == "manager"


@pytest.mark.parametrize("role", ["manager", "owner"])
def test_a_manager_makes_nobody_more_than_an_annotator(client_of, bob, ann, role):
    act(client_of(bob), "change", ann, role=role)
    assert membership(ann).role == "annotator"


@pytest.mark.parametrize("name", ["change", "pause", "resume", "relieve", "remove"])
def test_a_manager_reaches_no_owner_and_no_manager(client_of, alice, bob, name):
    for user in (alice, bob):
        before = (membership(user).role, membership(user).paused_at)
        assert act(client_of(bob), name, user, role="viewer").status_code == 403
        assert (membership(user).role, membership(user).paused_at) == before


@pytest.mark.parametrize("name", ["change", "remove"])
def test_the_last_owner_stays(client_of, alice, name):
    act(client_of(alice), name, alice, role="viewer")
    assert membership(alice).role == "owner"


def test_the_last_owner_is_told_why(project, alice):
    with pytest.raises(LastOwner, match="make somebody else an owner first"):
        membership(alice).end()


def test_an_owner_may_go_once_there_is_another(client_of, alice, bob):
    membership(bob).change_role("owner")
    response = act(client_of(alice), "remove", alice)
    assert response.redirect_chain == [("/", 302)]
    assert not Membership.objects.filter(user=alice).exists()


def test_an_owner_is_not_paused(client_of, alice):
    page = act(client_of(alice), "pause", alice)
    assert membership(alice).paused_at is None
    assert page.status_code == 200


def test_who_becomes_an_owner_is_not_paused_any_more(client_of, alice, ann):
    act(client_of(alice), "pause", ann)
    act(client_of(alice), "change", ann, role="owner")
    assert membership(ann).paused_at is None


def test_a_member_of_another_project_is_out_of_reach(client_of, alice, charlie):
    create_project("Other", by=charlie)
    assert act(client_of(alice), "remove", charlie).status_code == 404
    assert membership(charlie).role == "owner"


def test_a_paused_member_gives_back_what_they_held_and_sees_a_sentence(client_of, bob, ann, round):
    me = join_round(round, user=ann)
    held = next_items(me)
    save_label(held[0].slot, by=me, grade=1, client_key=KEY)
    client = client_of(ann)
    act(client_of(bob), "pause", ann)
    assert not Hold.objects.exists()
    assert Label.objects.current().count() == 1
    for url in ("/p/soil/", reverse("annotate:label-item", args=["soil", round.pk])):
        response = client.get(url)
        assert response.status_code == 403
        assert "is paused" in response.content.decode()
    assert "paused" in client.get("/").content.decode()


def test_a_resumed_member_works_on(client_of, bob, ann, round):
    act(client_of(bob), "pause", ann)
    act(client_of(bob), "resume", ann)
    assert client_of(ann).get(reverse("annotate:label-item", args=["soil", round.pk])).status_code == 200


def test_a_removed_members_items_go_back_and_their_labels_stay(client_of, bob, ann, round):
    me = join_round(round, user=ann)
    save_label(next_items(me)[0].slot, by=me, grade=1, client_key=KEY)
    act(client_of(bob), "remove", ann)
    assert not Hold.objects.exists()
    assert Label.objects.current().count() == 1


def test_reassigned_items_are_the_successors_next_ones(client_of, alice, bob, ann, round):
    theirs = join_round(round, user=ann)
    held = next_items(theirs)
    skip_item(held[2].slot, by=theirs)
    act(client_of(alice), "relieve", ann, successor=membership(bob).pk)
    assert not theirs.holds().exists()
    got = next_items(join_round(round, user=bob))
    assert {hold.slot_id for hold in got} == {hold.slot_id for hold in held}


def test_reassigned_items_that_the_successor_labelled_go_to_the_queue(client_of, alice, bob, ann, project):
    query = Query.objects.create(project=project, external_id="q", text="What is soil?")
    candidate = Candidate.objects.create(project=project, external_id="c", text="Earth.")
    Item.objects.create(query=query, candidate=candidate)
    round = open_round(create_round(project, name="Two", item_set=freeze_all_items(project), overlap=2))
    successor, me = join_round(round, user=bob), join_round(round, user=ann)
    save_label(next_items(successor)[0].slot, by=successor, grade=1, client_key=KEY)
    assert next_items(me)
    act(client_of(alice), "relieve", ann, successor=membership(bob).pk)
    assert not Hold.objects.exists()


def test_nobody_of_another_project_and_no_viewer_succeeds(client_of, alice, ann, vic, charlie, round):
    create_project("Other", by=charlie)
    next_items(join_round(round, user=ann))
    for user in (vic, charlie):
        page = act(client_of(alice), "relieve", ann, successor=membership(user).pk)
        assert page.context["form"].errors
    assert Hold.objects.count() == 3


def test_the_page_costs_the_same_for_many_members(
    client_of, alice, project, make_user, django_assert_num_queries
):
    for number in range(20):
        Membership.objects.create(project=project, user=make_user(f"user{number}"), role="viewer")
    client = client_of(alice)
    with django_assert_num_queries(8):  # session, user, project, role, members, labels, holds, invitations
        client.get(TEAM)
