"""The frame around every page: its rail, its policy, its pages for what went wrong."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client


def rail(client, url="/p/soil/items/") -> list[str]:
    page = client.get(url).content.decode()
    nav = re.search(r'<nav class="rail" aria-label="Project">(.*?)</nav>', page, re.S)[1]
    return re.findall(r">([A-Z][a-z]+)</a>", nav)


def test_the_rail_has_only_what_the_role_can_open(client_of, alice, bob, ann, vic, root):
    assert "Settings" in rail(client_of(alice))
    assert "Settings" not in rail(client_of(bob))
    assert "Jobs" in rail(client_of(bob))
    for user in (ann, vic):
        assert not {"Settings", "Jobs", "Imports", "Exports", "Users", "Engines"} & set(rail(client_of(user)))
    assert "Agreement" not in rail(client_of(ann))
    assert "Users" in rail(client_of(root))


def test_every_link_of_the_rail_opens(client_of, alice, bob, ann, vic, root):
    for user in (alice, bob, ann, vic, root):
        client = client_of(user)
        page = client.get("/p/soil/items/").content.decode()
        nav = re.search(r'<nav class="rail" aria-label="Project">(.*?)</nav>', page, re.S)[1]
        links = re.findall(r'href="([^"]+)"', nav)
        assert links
        assert {client.get(link, follow=True).status_code for link in links} == {200}


def test_pages_carry_a_policy_that_lets_no_inline_script_or_style_run(client_of, alice):
    response = client_of(alice).get("/p/soil/items/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "<style" not in page
    assert not re.search(r'\s(style|on\w+)="', page)


def test_the_title_is_the_heading(client_of, alice):
    page = client_of(alice).get("/p/soil/jobs/").content.decode()
    assert "<title>Jobs · Soil · Concord</title>" in page
    assert "<h1>Jobs</h1>" in page


def test_htmx_sends_the_csrf_token(client_of, alice):
    assert re.search(
        r"""<body [^>]*hx-headers='{"x-csrftoken": "\w{64}"}'""", client_of(alice).get("/").content.decode()
    )


def test_a_form_without_its_token_is_refused_in_words(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post("/projects/new/", {"name": "x"})
    assert response.status_code == 403
    assert "load it anew" in response.content.decode() or "load the page anew" in response.content.decode()


def test_a_refusal_says_why(client_of, ann):
    response = client_of(ann).get("/p/soil/settings/")
    assert response.status_code == 403
    assert "does not let you change the settings" in response.content.decode()


def test_what_is_not_there_and_what_is_not_yours_look_the_same(client_of, charlie, project):
    pages = [client_of(charlie).get(url) for url in ("/p/soil/items/", "/p/none/items/", "/nowhere/")]
    assert [page.status_code for page in pages] == [404, 404, 404]
    texts = {re.search(r"<main.*</main>", page.content.decode(), re.S)[0] for page in pages}
    assert len(texts) == 1


@pytest.mark.parametrize("template", ["500.html", "404.html", "403.html"])
def test_pages_for_what_went_wrong_need_no_request(template):
    assert "<h1>" in render_to_string(template)
