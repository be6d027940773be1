"""Invitations: one link, one person, one role; what strangers can learn and do with links."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from corpus.archiving import archive_project
from corpus.invitations import InvitationRefused, accept, find_invitation, invite, revoke
from corpus.models import AuditEntry, Invitation, Membership, User
from corpus.models.invitation import MOST_REFUSALS

NEW = "/p/soil/team/invitations/new/"
STRANGER = {
    "username": "dora",
    "full_name": "Dora",
    "password": "correct horse battery",
    "password_again": "correct horse battery",
}


@pytest.fixture(autouse=True)
def _no_earlier_attempts():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def invited(project, alice):
    """An invitation and the address of its link."""
    invitation, token = invite(project, role="annotator", by=alice)
    return invitation, reverse("corpus:invitation-accept", args=[token])


def test_a_link_is_shown_once_and_stored_as_a_hash(client_of, bob):
    client = client_of(bob)
    sent = {"role": "annotator", "note": "Dora", "lasts": "7"}
    page = client.post(NEW, sent)
    token = re.search(r"http://testserver/join/([\w-]{43})/", page.content.decode())[1]
    invitation = Invitation.objects.get()
    assert token not in repr(Invitation.objects.values().get())
    assert find_invitation(token) == invitation
    assert invitation.role == "annotator"
    assert timedelta(days=6) < invitation.expires_at - timezone.now() <= timedelta(days=7)
    assert "no-store" in page.headers["Cache-Control"]
    assert token not in client.get("/p/soil/team/").content.decode()
    assert "Dora" in client.get("/p/soil/team/").content.decode()
    assert token not in repr(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("role", ["manager", "owner"])
def test_a_manager_invites_nobody_more_than_an_annotator(client_of, bob, role):
    client_of(bob).post(NEW, {"role": role, "lasts": "7"})
    assert not Invitation.objects.exists()


def test_a_link_does_not_last_for_ever(client_of, alice):
    client_of(alice).post(NEW, {"role": "viewer", "lasts": "3650"})
    assert not Invitation.objects.exists()


def test_somebody_with_an_account_joins(client_of, charlie, invited, project):
    invitation, link = invited
    client = client_of(charlie)
    assert "Soil" in client.get(link).content.decode()
    response = client.post(link, {"role": "owner", "project": "other"})
    assert response.url == "/p/soil/"
    assert Membership.objects.get(user=charlie).role == "annotator"
    invitation.refresh_from_db()
    assert invitation.used_by == charlie


def test_looking_at_a_link_uses_nothing_up(client_of, charlie, invited):
    client_of(charlie).get(invited[1])
    assert Invitation.objects.open().exists()
    assert not Membership.objects.filter(user=charlie).exists()


def test_a_stranger_makes_an_account_and_is_in(invited):
    client = Client()
    response = client.post(invited[1], STRANGER | {"is_superuser": "on", "is_staff": "on", "role": "owner"})
    assert response.url == "/p/soil/"
    user = User.objects.get(username="dora")
    assert (user.first_name, user.is_superuser, user.is_staff) == ("Dora", False, False)
    assert user.check_password(STRANGER["password"])
    assert Membership.objects.get(user=user).role == "annotator"
    assert client.get("/p/soil/rounds/").status_code == 200


def test_a_link_works_once(client_of, charlie, make_user, invited):
    client_of(charlie).post(invited[1])
    assert client_of(make_user("eve")).post(invited[1]).status_code == 404
    assert Client().post(invited[1], STRANGER).status_code == 404
    assert not User.objects.filter(username="dora").exists()


def test_two_people_at_the_same_moment_are_one_too_many(charlie, make_user, invited):
    """Both have found the link open; the row's lock lets one of them in."""
    first, second = (Invitation.objects.open().get() for _ in range(2))
    accept(first, user=charlie)
    with pytest.raises(InvitationRefused, match="in the meantime"):
        accept(second, user=make_user("eve"))


def test_without_an_invitation_there_is_no_sign_up(db):
    before = Client().get("/join/" + "x" * 43 + "/")
    assert before.status_code == 404
    assert b"<form" not in before.content.split(b"<main")[1]


def test_every_dead_link_looks_alike(client_of, project, alice, charlie):
    dead = []
    for kill in ("used", "revoked", "expired", "tried out"):
        invitation, token = invite(project, role="viewer", by=alice)
        if kill == "used":
            accept(invitation, user=charlie)
        elif kill == "revoked":
            revoke(invitation)
        elif kill == "expired":
            Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())
        else:
            Invitation.objects.filter(pk=invitation.pk).update(n_refused=MOST_REFUSALS)
        dead.append(token)
    answers = [Client().get(reverse("corpus:invitation-accept", args=[token])) for token in [*dead, "wrong"]]
    assert {answer.status_code for answer in answers} == {404}
    mains = {re.sub(rb"csrf\S+|x-csrf\S+ \S+", b"", answer.content.split(b"<main")[1]) for answer in answers}
    assert len(mains) == 1
    assert b"Soil" not in mains.pop()


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "short", "password_again": "short"},
        {"password": "password123", "password_again": "password123"},
        {"username": "soilscientist", "password": "soilscientist1", "password_again": "soilscientist1"},
        {"password_again": "correct horse batterz"},
        {"username": "../etc"},
        {"username": "alice"},
        {"username": ""},
    ],
)
def test_a_refused_account_changes_nothing_but_the_count(invited, changed):
    n_users = User.objects.count()
    response = Client().post(invited[1], STRANGER | changed)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert "correct horse" not in response.content.decode()
    assert User.objects.count() == n_users
    assert Invitation.objects.get().n_refused == 1


def test_a_link_cannot_be_used_to_find_out_usernames(invited):
    client = Client()
    for number in range(MOST_REFUSALS):
        client.post(invited[1], STRANGER | {"username": "alice", "full_name": str(number)})
    assert client.get(invited[1]).status_code == 404


def test_guessing_links_has_to_wait(db, invited):
    client = Client()
    for number in range(20):
        assert client.get(f"/join/guess-{number}/").status_code == 404
    assert client.get("/join/guess-more/").status_code == 429
    assert client.get(invited[1]).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(invited[1]).status_code == 200


def test_a_member_keeps_their_role_and_the_link_its_use(client_of, bob, invited):
    page = client_of(bob).post(invited[1])
    assert "a member of this project already" in page.content.decode()
    assert Membership.objects.get(user=bob).role == "manager"
    assert Invitation.objects.open().exists()


def test_a_paused_member_does_not_come_back_by_a_link(client_of, ann, invited):
    Membership.objects.filter(user=ann).update(paused_at=timezone.now())
    client_of(ann).post(invited[1])
    assert Membership.objects.get(user=ann).paused_at


def test_a_withdrawn_link_lets_nobody_in(client_of, alice, charlie, invited):
    client_of(alice).post(reverse("corpus:invitation-revoke", args=["soil", invited[0].pk]))
    assert client_of(charlie).post(invited[1]).status_code == 404


def test_an_archived_project_lets_nobody_in(client_of, charlie, project, invited):
    archive_project(project)
    assert client_of(charlie).post(invited[1]).status_code == 404


def test_the_login_leads_back_to_the_link(client, make_user, invited):
    make_user("eve")
    page = client.get(invited[1]).content.decode()
    login = re.search(r'href="(/login/\?next=[^"]+)"', page)[1]
    response = client.post(login, {"username": "eve", "password": "a long test password", "next": invited[1]})
    assert response.url == invited[1]
