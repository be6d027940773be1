from io import BytesIO

import pytest
from django.urls import reverse


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
