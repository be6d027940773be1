import pytest


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Uploads and exports of a test lie in its own folder."""
    settings.FILES = tmp_path / "files"
    return settings.FILES


@pytest.fixture(autouse=True)
def _no_waiting_for_links(monkeypatch):
    """These tests open a link that leads nowhere again and again."""
    monkeypatch.setattr("corpus.views.invitations.MOST_WRONG", 10**9)
