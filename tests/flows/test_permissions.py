"""Every URL, as every role, against one table (url_permissions.py)."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from corpus.models import Project
from tests.flows.url_permissions import ROLE_MAY, URL_PERMISSIONS

PROJECT_CAPABILITIES = {"view", "label", "report", "export", "manage", "own", "archive"}
KEPT_IN_ARCHIVE = {"view", "report", "export", "archive"}


def all_urls() -> Iterator[tuple[str, list[str]]]:
    """(name, names of its arguments) of every URL of the site."""

    def walk(resolver: URLResolver, namespace: str, arguments: list[str]) -> Iterator[tuple[str, list[str]]]:
        for pattern in resolver.url_patterns:
            found = arguments + list(pattern.pattern.regex.groupindex)
            if isinstance(pattern, URLPattern):
                name = f"{namespace}:{pattern.name}" if namespace else str(pattern.name)
                yield name, found
            else:
                yield from walk(pattern, pattern.namespace or namespace, found)

    return walk(get_resolver(), "", [])


URLS = dict(all_urls())
SLUGGED = [name for name, arguments in URLS.items() if "slug" in arguments]


@pytest.fixture
def client_as(client_of, charlie, vic, ann, bob, alice, root):
    users = {
        "stranger": charlie,
        "viewer": vic,
        "annotator": ann,
        "manager": bob,
        "owner": alice,
        "site admin": root,
    }
    return {"anonymous": Client()} | {role: client_of(user) for role, user in users.items()}


def test_the_table_names_every_url_and_no_other():
    assert set(URLS) == set(URL_PERMISSIONS)


@pytest.mark.parametrize("name", sorted(URLS))
def test_only_the_roles_of_the_table_get_in(name, client_as, project):
    needed = URL_PERMISSIONS[name]
    values = {"slug": project.slug}
    # Where an argument names an object that is not there, those who may get in meet 404 or 405, never 403.
    url = reverse(name, kwargs={argument: values.get(argument, 0) for argument in URLS[name]})
    for role, client in client_as.items():
        response = client.get(url)
        sent_to_login = response.status_code == 302 and response.url.startswith(reverse("login"))
        if needed in ROLE_MAY[role]:
            assert response.status_code != 403, f"{role} is refused"
            assert not sent_to_login, f"{role} is sent to the login"
            missing = response.status_code == 404
            assert not missing or len(URLS[name]) > ("slug" in URLS[name]), f"{role} finds nothing"
            continue
        for denied in (response, client.post(url)):
            if role == "anonymous":
                assert denied.status_code == 302, "somebody who is not logged in gets in"
                assert denied.url.startswith(reverse("login"))
            elif role == "stranger" and needed in PROJECT_CAPABILITIES:
                assert denied.status_code == 404, "a stranger learns that the project exists"
            else:
                assert denied.status_code == 403, f"{role} gets in"


@pytest.mark.parametrize("name", sorted(name for name in SLUGGED if URL_PERMISSIONS[name] != "site admin"))
def test_a_project_that_does_not_exist_looks_like_one_that_is_not_yours(name, client_as):
    url = reverse(name, kwargs={each: "none" if each == "slug" else 0 for each in URLS[name]})
    assert {client.get(url).status_code for role, client in client_as.items() if role != "anonymous"} == {404}


def test_whoever_is_deactivated_is_out_at_once(client_as, alice, project):
    alice.is_active = False
    alice.save()
    response = client_as["owner"].get(reverse("corpus:item-list", args=[project.slug]))
    assert response.status_code == 302
    assert response.url.startswith(reverse("login"))


def test_a_paused_member_meets_a_sentence_and_nothing_else(client_as, project):
    project.memberships.exclude(role="owner").update(paused_at=timezone.now())
    for name, arguments in URLS.items():
        if "slug" not in arguments or URL_PERMISSIONS[name] == "site admin":
            continue
        url = reverse(name, kwargs={each: project.slug if each == "slug" else 0 for each in arguments})
        for role in ("manager", "annotator", "viewer"):
            for response in (client_as[role].get(url), client_as[role].post(url)):
                assert response.status_code == 403, (name, role)
                assert "Your membership of this project is paused" in response.content.decode()
                assert project.name not in response.content.decode()


def test_in_an_archived_project_nobody_gets_where_something_changes(client_as, project):
    for name, arguments in URLS.items():
        Project.objects.update(archived_at=timezone.now())
        needed = URL_PERMISSIONS[name]
        if "slug" not in arguments or needed not in PROJECT_CAPABILITIES:
            continue
        url = reverse(name, kwargs={each: project.slug if each == "slug" else 0 for each in arguments})
        for role in ("owner", "manager", "annotator", "viewer", "site admin"):
            may = needed in ROLE_MAY[role] & KEPT_IN_ARCHIVE
            for response in (client_as[role].get(url), client_as[role].post(url)):
                assert (response.status_code != 403) == may, (name, role, response.status_code)
                Project.objects.update(archived_at=timezone.now())
        if needed not in KEPT_IN_ARCHIVE:
            assert "archived" in client_as["owner"].get(url).content.decode(), name
