"""Uploading a file to import: its examples, its limit, who may."""

from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client

from exchange.kind_guide import GUIDES
from tests.exchange.import_pages import HTMX, PAIRS, text_of


def test_the_upload_page_explains_every_kind_with_an_example(manager, page):
    shown = text_of(manager.get(page("import-upload")))
    for guide in GUIDES:
        assert guide.title.replace("'", "&#x27;") in shown
        assert len(guide.example.split("\n")) == 3


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.kind)
def test_every_example_is_read_as_the_kind_it_is_an_example_of(guide, upload, preview):
    found = preview(upload(guide.example, "example.txt")).context["preview"]
    assert found.problem == ""
    assert found.sniffed.kind == guide.kind
    assert found.n_bad == 0


def test_a_file_is_kept_for_its_owner_alone_under_a_name_of_its_own(upload, files):
    job = upload(PAIRS, "../../etc/passwd.csv")
    path = Path(job.params["path"])
    assert path.parent == files / "imports"
    assert "passwd" not in path.name
    assert path.read_text() == PAIRS
    assert path.stat().st_mode & 0o777 == 0o600
    assert job.params["filename"] == "passwd.csv"


def test_an_upload_by_htmx_goes_on_to_the_preview(manager, page, project):
    response = manager.post(page("import-upload"), {"file": BytesIO(PAIRS.encode())}, headers=HTMX)
    assert response.headers["HX-Redirect"] == page("import-preview", project.jobs.get().pk)


@pytest.mark.parametrize("n_bytes", [1001, 200_000], ids=["found while reading", "announced"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    n_bytes, headers, manager, page, project, settings, files
):
    settings.UPLOAD_LIMIT = 1000
    response = manager.post(page("import-upload"), {"file": BytesIO(b"x" * n_bytes)}, headers=headers)
    assert response.status_code == (200 if headers else 413)
    assert "The file is larger than 1000 bytes" in response.content.decode()
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


@pytest.mark.parametrize(
    ("sent", "words"), [({}, "Choose a file first."), ({"file": BytesIO(b"")}, "The file is empty.")]
)
def test_nothing_and_an_empty_file_are_no_upload(sent, words, manager, page, project, files):
    assert words in text_of(manager.post(page("import-upload"), sent))
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


@pytest.mark.parametrize("who", ["ann", "vic", "charlie"])
def test_who_may_not_import_leaves_no_file(who, request, client_of, page, project, files):
    client = client_of(request.getfixturevalue(who))
    response = client.post(page("import-upload"), {"file": BytesIO(PAIRS.encode())})
    assert response.status_code == (404 if who == "charlie" else 403)
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


def test_an_upload_from_a_foreign_page_is_refused_and_leaves_no_file(bob, page, project, files):
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(page("import-upload"), {"file": BytesIO(PAIRS.encode())})
    assert response.status_code == 403
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))
