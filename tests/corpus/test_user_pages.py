import re

from django.test import Client

from corpus.models import User


def shown_password(response) -> str:
    return re.search(r'class="secret">([^<]+)<', response.content.decode())[1]


def test_a_new_user_can_log_in_with_the_password_shown_once(client_of, root):
    response = client_of(root).post("/users/new/", {"username": "dora", "first_name": "Dora D."})
    assert "no-store" in response["Cache-Control"]
    password = shown_password(response)
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password)
    page = Client().post("/login/", {"username": "dora", "password": password}, follow=True)
    assert page.status_code == 200
    assert "Dora D." in page.content.decode()
    assert not User.objects.get(username="dora").is_superuser


def test_a_site_admin_makes_another(client_of, root):
    client_of(root).post("/users/new/", {"username": "dora", "is_superuser": "on"})
    assert User.objects.get(username="dora").is_superuser


def test_a_username_is_given_once(client_of, root, alice):
    response = client_of(root).post("/users/new/", {"username": "alice"})
    assert response.context["form"].errors["username"]


def test_a_new_password_ends_the_sessions_of_the_user(client_of, root, alice):
    hers = client_of(alice)
    password = shown_password(client_of(root).post(f"/users/{alice.pk}/password/"))
    assert hers.get("/").status_code == 302
    assert Client().post("/login/", {"username": "alice", "password": password}).url == "/"


def test_a_deactivated_user_is_out_until_let_in_again(client_of, root, alice):
    hers, admin = client_of(alice), client_of(root)
    admin.post(f"/users/{alice.pk}/deactivate/")
    assert hers.get("/").status_code == 302
    admin.post(f"/users/{alice.pk}/activate/")
    assert client_of(alice).get("/").status_code == 200


def test_the_last_site_admin_stays(client_of, root):
    page = client_of(root).post(f"/users/{root.pk}/deactivate/", follow=True).content.decode()
    assert "only active site admin" in page
    root.refresh_from_db()
    assert root.is_active


def test_the_list_costs_the_same_for_many_users(client_of, root, make_user, django_assert_num_queries):
    for number in range(15):
        make_user(f"user{number}")
    client = client_of(root)
    with django_assert_num_queries(3):  # session, user, users
        client.get("/users/")


def test_people_change_their_own_password(client_of, alice):
    client = client_of(alice)
    sent = {
        "old_password": "a long test password",
        "new_password1": "Reg3n-wurm",
        "new_password2": "Reg3n-wurm",
    }
    assert client.post("/password/", sent).status_code == 302
    assert client.get("/").status_code == 200
    assert Client().post("/login/", {"username": "alice", "password": "Reg3n-wurm"}).status_code == 302


def test_logging_out_is_a_post(client_of, alice):
    client = client_of(alice)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code in (200, 302)
    assert client.get("/").status_code == 302


def test_the_login_sends_nobody_to_another_site(alice):
    sent = {"username": "alice", "password": "a long test password", "next": "https://evil.example/"}
    assert Client().post("/login/", sent).url == "/"


def test_guessing_is_stopped_with_words(alice):
    client = Client()
    for _ in range(10):
        response = client.post("/login/", {"username": "alice", "password": "wrong"})
    assert response.status_code == 429
    assert "too many wrong passwords" in response.content.decode()
