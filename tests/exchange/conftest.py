from io import BytesIO

import pytest
from django.urls import reverse

from corpus.models import Job
from exchange.importing import run_import
from tests.exchange.bringing import queue_import, run
from tests.exchange.import_pages import choices
from tests.mining.conftest import garden  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Uploads and exports of a test lie in its own folder."""
    settings.FILES = tmp_path / "files"
    return settings.FILES


@pytest.fixture
def manager(bob, client_of):
    """Bob's browser: he manages the project."""
    return client_of(bob)


@pytest.fixture
def page(project):
    """The address of one of the project's exchange pages."""

    def address(name: str, *args) -> str:
        return reverse(f"exchange:{name}", args=[project.slug, *args])

    return address


@pytest.fixture
def upload(manager, page, project):
    """Uploads a file as Bob; returns its draft."""

    def send(text: str | bytes, name: str = "pairs.csv"):
        file = BytesIO(text.encode() if isinstance(text, str) else text)
        file.name = name
        response = manager.post(page("import-upload"), {"file": file})
        assert response.status_code == 302, response.content.decode()
        job = project.jobs.first()
        assert response.url == page("import-preview", job.pk)
        return job

    return send


@pytest.fixture
def preview(manager, page):
    """The preview of a draft; with changes, after they were sent."""

    def show(job: Job, **changes: str):
        url = page("import-preview", job.pk)
        response = manager.get(url)
        return manager.post(url, choices(response, **changes)) if changes else response

    return show


@pytest.fixture
def start(manager, page):
    """Presses a button of the preview and does the job, as a worker would; returns the ended job."""

    def press(job: Job, button: str = "import-start", **changes: str) -> Job:
        sent = choices(manager.get(page("import-preview", job.pk)), **changes)
        response = manager.post(page(button, job.pk), sent)
        assert response.status_code == 302
        assert response.url == page("import-detail", job.pk)
        return run_import(job.pk)

    return press


@pytest.fixture
def bring(project, tmp_path):
    """Imports a text as a file into the project and returns the ended job, however it ended."""

    def bring_in(content: str | bytes, *, name: str = "file.csv", into=None, **choices) -> Job:
        return run(queue_import(into or project, content, tmp_path, name=name, **choices))

    return bring_in


@pytest.fixture
def stored(bring):
    """`bring` that has to succeed."""

    def bring_in(content: str | bytes, **choices) -> Job:
        job = bring(content, **choices)
        assert job.state == Job.State.DONE, (job.error, job.result.get("bad_rows"))
        return job

    return bring_in


@pytest.fixture
def refused(bring):
    """`bring` that has to fail for bad rows; returns them."""

    def bring_in(content: str | bytes, **choices) -> list[dict]:
        job = bring(content, **choices)
        assert job.state == Job.State.FAILED, job.result
        assert not job.result["stored"]
        return job.result["bad_rows"]

    return bring_in
