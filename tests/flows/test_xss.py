"""Hostile text at every place that people or files can fill, on every page that shows it."""

import re
from html.parser import HTMLParser

import pytest
from django import forms
from django.test import Client

from exchange.exporting import export_path
from tests.flows.addresses import address, drain, upload, urls
from tests.flows.world import make_world

URLS = urls()
SAFE_SCRIPT_TYPES = {"application/json", "application/ld+json"}
# Places that a page shows only in part, or no page shows at all: they must be harmless where they are seen.
NOT_SHOWN = {
    "query metadata name": "metadata go into exports, not on pages",
    "query metadata": "metadata go into exports, not on pages",
    "metadata name": "metadata go into exports, not on pages",
    "metadata": "metadata go into exports, not on pages",
    "system": "systems have no page yet",
    "key": "a key that is none of the allowed ones is not shown",
    "description": "cut off on the list of projects",
    "export file name": "the server makes the name anew",
}


class Hostile:
    """Texts that break out of tags, attributes, scripts and titles, each with a number of its own."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        mark = self.places.setdefault(place, f"x{len(self.places):03}x")
        return f"{mark}</script></title></textarea>\"'><xssprobe xssattr=1 onload=a()>{{{{7919*7907}}}}"


class Findings(HTMLParser):
    """What a browser would take for markup, and should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.script: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "xssprobe" or "xssattr" in values:
            self.found.append(f"text became markup: {self.get_starttag_text()[:200]}")
        for name, value in attributes:
            if name == "style" or name.startswith(("on", "hx-on")):
                self.found.append(f"inline {name} on <{tag}>")
            if re.match(r"\s*(javascript|data|vbscript):", value or "", re.I) and name in ("href", "src"):
                self.found.append(f"{name}={value}")
        if tag == "style":
            self.found.append("inline <style>")
        if tag == "script" and "src" not in values and values.get("type") not in SAFE_SCRIPT_TYPES:
            self.found.append("inline <script>")

    handle_startendtag = handle_starttag


def findings(html: str) -> list[str]:
    parser = Findings()
    parser.feed(html)
    parser.close()
    return parser.found


def test_the_probe_finds_what_it_should():
    hostile = Hostile()("place")
    for broken in (
        f"<p>{hostile}</p>",
        f'<a title="{hostile}">',
        f"<script type='application/json'>{hostile}</script>",
        "<a href='javascript:a()'>",
        "<p style='color: red'>",
        "<script>a()</script>",
    ):
        assert findings(broken), broken


@pytest.fixture
def hostile() -> Hostile:
    return Hostile()


@pytest.fixture
def world(db, hostile, tmp_path):
    return make_world("hostile", hostile, folder=tmp_path)


def is_html(response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def pages(client: Client, world, *, htmx: bool):
    """(name, HTML) of every page that this client gets for the world's objects."""
    headers = {"HX-Request": "true"} if htmx else {}
    for name, arguments in URLS.items():
        if name == "logout":
            continue
        response = client.get(address(name, arguments, world), headers=headers)
        drain(response)
        if is_html(response):
            yield name, response.content.decode()


@pytest.fixture
def reader(root, world, client_of):
    return client_of(root)


def test_hostile_text_is_text_on_every_page(reader, world, hostile, client_of):
    seen = ""
    for client in (reader, client_of(world.user)):
        for htmx in (False, True):
            for name, html in pages(client, world, htmx=htmx):
                assert findings(html) == [], name
                assert "62615533" not in html, f"{name} computes what a text says"
                seen += html
    missing = {place for place, mark in hostile.places.items() if mark not in seen}
    assert missing - set(NOT_SHOWN) == set(), "these texts were never looked at"


def test_hostile_text_is_text_where_a_form_gives_it_back(reader, world, hostile):
    """Every form is sent with hostile text in every field; what is refused is shown again."""
    typed = hostile("typed")
    n_forms = 0
    for name, arguments in URLS.items():
        url = address(name, arguments, world)
        page = reader.get(url)
        drain(page)
        form = page.context.get("form") if page.context else None
        if not isinstance(form, forms.BaseForm) or name == "corpus:project-delete":
            continue
        n_forms += 1
        sent = {form.add_prefix(field): typed for field in form.fields}
        for method, data in (("post", sent | {"grades-TOTAL_FORMS": typed}), ("get", sent)):
            response = getattr(reader, method)(url, data)
            assert response.status_code < 500, name
            drain(response)
            if is_html(response):
                assert findings(response.content.decode()) == [], f"{name} by {method}"
    assert n_forms > 8


def test_hostile_words_in_an_address_are_text(reader, world, hostile):
    typed = hostile("address")
    names = ["q", "reference", "after", "before", "sort", "cut", "split", "condition", "label", "next"]
    names += ["judge", "by", "verb"]
    for name, arguments in URLS.items():
        if name == "logout":
            continue
        for names_sent in (names, *[[each] for each in names]):
            response = reader.get(address(name, arguments, world), dict.fromkeys(names_sent, typed))
            assert response.status_code < 500, (name, names_sent)
            drain(response)
            if is_html(response):
                assert findings(response.content.decode()) == [], (name, names_sent)


def test_hostile_answers_come_back_as_text(world, hostile, client_of):
    """An answer the round cannot keep is shown again with its rationale."""
    client = client_of(world.user)
    url = address("annotate:label-save", ["slug", "pk"], world)
    sent = {"slot": world.slot.pk, "grade": hostile("typed"), "rationale": hostile("typed rationale")}
    for htmx in ({}, {"HX-Request": "true"}):
        response = client.post(url, sent, headers=htmx)
        assert response.status_code == 409
        assert hostile.places["typed rationale"] in response.content.decode()
        assert findings(response.content.decode()) == []


def test_a_hostile_file_name_is_text_in_the_preview(reader, world, hostile):
    name = hostile("uploaded name").replace("/", "")
    response = upload(reader, "hostile", name=name, content=f"query_id,{hostile('head')}\n1,2\n")
    html = reader.get(response.url).content.decode()
    assert hostile.places["uploaded name"] in html
    assert findings(html) == []


def test_a_downloaded_file_is_never_shown_as_a_page(reader, world):
    export_path(world.export).parent.mkdir(parents=True)
    export_path(world.export).write_text("<script>alert(1)</script>")
    for name, query in (
        ("exchange:export-download", {}),
        ("exchange:import-bad-rows", {}),
        ("reports:judge-agreement", {"chart": "confusion", "file": "svg"}),
    ):
        response = reader.get(address(name, URLS[name], world), query)
        assert response.status_code == 200, name
        assert response.headers["Content-Disposition"].startswith("attachment"), name
        assert response.headers["X-Content-Type-Options"] == "nosniff", name
        assert "html" not in response.headers["Content-Type"], name
        drain(response)


def test_no_page_holds_an_engine_key(reader, world):
    kept = bytes(world.engine.encrypted_key).decode()
    for name, html in pages(reader, world, htmx=False):
        assert "sk-never-shown" not in html, name
        assert kept not in html, name
