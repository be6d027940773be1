import pytest
from django.urls import reverse

from corpus.models import LastOwner, Membership

URL = "/p/soil/settings/members/"


def membership(user) -> Membership:
    return Membership.objects.get(user=user)


def test_an_owner_brings_somebody_in_by_username(client_of, alice, charlie):
    response = client_of(alice).post(URL, {"username": "charlie", "role": "viewer"}, follow=True)
    assert membership(charlie).role == "viewer"
    assert "charlie is now viewer" in response.content.decode()


def test_a_name_that_nobody_has_is_refused(client_of, alice):
    page = client_of(alice).post(URL, {"username": "nobody", "role": "viewer"}).content.decode()
    assert "Nobody who can log in has this username" in page


def test_a_member_is_not_added_twice(client_of, alice, bob):
    page = client_of(alice).post(URL, {"username": "bob", "role": "owner"}).content.decode()
    assert "is a member already" in page
    assert membership(bob).role == "manager"


def test_a_role_changes(client_of, alice, bob):
    client_of(alice).post(
        reverse("corpus:member-change", args=["soil", membership(bob).pk]), {"role": "viewer"}
    )
    assert membership(bob).role == "viewer"


def test_a_role_that_does_not_exist_changes_nothing(client_of, alice, bob):
    client_of(alice).post(
        reverse("corpus:member-change", args=["soil", membership(bob).pk]), {"role": "king"}
    )
    assert membership(bob).role == "manager"


@pytest.mark.parametrize("url", ["corpus:member-change", "corpus:member-remove"])
def test_the_last_owner_stays(client_of, alice, url):
    response = client_of(alice).post(
        reverse(url, args=["soil", membership(alice).pk]), {"role": "viewer"}, follow=True
    )
    assert membership(alice).role == "owner"
    assert response.status_code in (200, 404)


def test_the_last_owner_is_told_why(project, alice):
    with pytest.raises(LastOwner, match="make somebody else an owner first"):
        membership(alice).end()


def test_an_owner_may_go_once_there_is_another(client_of, alice, bob):
    membership(bob).change_role("owner")
    response = client_of(alice).post(reverse("corpus:member-remove", args=["soil", membership(alice).pk]))
    assert response.url == "/"
    assert not Membership.objects.filter(user=alice).exists()


def test_a_member_of_another_project_is_out_of_reach(client_of, alice, charlie):
    from corpus.services import create_project

    create_project("Other", by=charlie)
    url = reverse("corpus:member-remove", args=["soil", membership(charlie).pk])
    assert client_of(alice).post(url).status_code == 404
    assert membership(charlie).role == "owner"


def test_the_list_costs_the_same_for_many_members(
    client_of, alice, project, make_user, django_assert_num_queries
):
    for number in range(20):
        Membership.objects.create(project=project, user=make_user(f"user{number}"), role="viewer")
    client = client_of(alice)
    with django_assert_num_queries(5):  # session, user, project, role, members
        client.get(URL)
