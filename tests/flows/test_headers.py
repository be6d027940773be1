"""What every response and cookie says to the browser, and what every POST must bring."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.flows.addresses import address, drain, urls
from tests.flows.world import make_world

URLS = urls()
NONSENSE = (
    "password",
    "user__password",
    "created_by__password",
    "query__project__memberships__user__password",
    "rater__user__password__startswith",
    "-created_by__password",
    "pk__in",
    "id)--",
    "1;select pg_sleep(9)",
    "'\"\\\x00",
    "9" * 40,
    "-1",
    "٣",
    "1e9",
    "nan",
    "[]",
)


@pytest.fixture
def world(db, tmp_path):
    return make_world("plain", lambda place: place, folder=tmp_path)


def everything(world, clients):
    for name, arguments in URLS.items():
        if name != "logout":
            for client in clients:
                yield name, client.get(address(name, arguments, world))


def test_every_response_carries_the_policy(world, root, client_of):
    clients = [client_of(root), client_of(world.user), Client()]
    n_responses = 0
    for name, response in everything(world, clients):
        n_responses += 1
        policy = response.headers.get("Content-Security-Policy", "")
        assert "default-src 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert response.headers["X-Content-Type-Options"] == "nosniff", name
        assert response.headers["X-Frame-Options"] == "DENY", name
        assert response.headers["Referrer-Policy"] == "same-origin", name
        drain(response)
    assert n_responses > 100


def test_error_pages_carry_the_policy_too(client_of, root):
    for url in ("/none/", "/p/none/", "/%00", "/p/..%2f..%2fetc/"):
        response = client_of(root).get(url)
        assert response.status_code == 404, url
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_every_post_needs_its_token(world, root):
    client = Client(enforce_csrf_checks=True)
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    for name, arguments in URLS.items():
        response = client.post(address(name, arguments, world))
        assert response.status_code in (403, 405), name
        assert response.status_code == 405 or b"The form is too old" in response.content, name


def test_reading_changes_nothing(world, root, client_of):
    """GET on an URL that changes something is refused or shows a page to confirm."""
    project = type(world.project).objects.filter(pk=world.project.pk)
    before = (
        project.values().get(),
        list(world.project.jobs.order_by("pk").values_list("pk", "state")),
        list(world.project.memberships.values_list("pk", "role")),
        list(world.project.rounds.values_list("pk", "state")),
    )
    for _name, response in everything(world, [client_of(root)]):
        drain(response)
    after = (
        project.values().get(),
        list(world.project.jobs.order_by("pk").values_list("pk", "state")),
        list(world.project.memberships.values_list("pk", "role")),
        list(world.project.rounds.values_list("pk", "state")),
    )
    assert after == before


def test_session_cookies_are_out_of_reach_of_scripts(make_user, client):
    make_user("dora")
    response = client.post(reverse("login"), {"username": "dora", "password": "a long test password"})
    cookie = response.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_with_https_cookies_never_travel_in_the_clear():
    """Settings tie all of it to the one variable HTTPS."""
    assert (
        settings.SESSION_COOKIE_SECURE
        is settings.CSRF_COOKIE_SECURE
        is settings.SECURE_SSL_REDIRECT
        is settings.HTTPS
    )


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\thttps://evil.example",
    ],
)
def test_the_login_sends_nobody_to_another_site(make_user, client, target):
    make_user("dora")
    sent = {"username": "dora", "password": "a long test password", "next": target}
    response = client.post(f"{reverse('login')}?next={target.strip()}", sent)
    assert response.status_code == 302
    assert response.url == "/"


def test_no_name_or_value_in_an_address_reaches_the_database(world, root, client_of):
    """Filters, orders and pages take what their forms list: nothing else asks, and nothing breaks."""
    client = client_of(root)
    places = ["q", "reference", "judged", "after", "before", "sort", "order", "cut", "split", "condition"]
    places += ["label", "scheme", "page", "filter", "by", "verb", "judge", "state"]
    for name, arguments in URLS.items():
        if name == "logout":
            continue
        url = address(name, arguments, world)
        usual = client.get(url)
        for sent in (*[dict.fromkeys(places, word) for word in NONSENSE], dict.fromkeys(NONSENSE, "x")):
            response = client.get(url, sent)
            assert response.status_code in (usual.status_code, 404), (name, sent)
            drain(response)
        drain(usual)
