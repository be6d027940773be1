"""Real services for every test: PostgreSQL from the embedded wheel unless DATABASE_URL names another."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_started: dict = {}


def _prepare_environment() -> None:
    """Settings are read once, so the services must stand before Django is set up."""
    import django
    from cryptography.fernet import Fernet

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SECRET_KEY", "only-for-tests")
    os.environ.setdefault("ENGINE_KEY", Fernet.generate_key().decode())
    if "DATABASE_URL" not in os.environ:
        from config.embedded.postgres import ensure_postgres

        folder = Path(tempfile.mkdtemp(prefix="concord-test-"))
        folder.chmod(0o711)  # the server may run as another user
        os.environ["CONCORD_VAR"] = str(folder)
        lease = ensure_postgres(folder)
        os.environ["DATABASE_URL"] = lease.url
        _started.update(folder=folder, lease=lease)
    django.setup()


_prepare_environment()


def pytest_unconfigure() -> None:
    if _started:
        _started["lease"].leave()
        shutil.rmtree(_started["folder"], ignore_errors=True)


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.WHITENOISE_AUTOREFRESH = True  # asks for no collected folder


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _forgetful_cache():
    """What one test makes the cache count (wrong links, say) holds nobody back in the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def dl21() -> Path:
    """The folder of the TREC DL 2021 test data; skips where it is missing."""
    root = Path(__file__).resolve().parent.parent
    shared = Path(os.environ.get("CONCORD_SHARED_DATA", root.parent / "shared" / "data"))
    folder = shared / "dl21"
    if not folder.is_dir():
        pytest.skip(
            "needs the TREC DL 2021 test data (set CONCORD_SHARED_DATA to the folder that holds dl21)"
        )
    return folder


@pytest.fixture
def make_user(db):
    from corpus.models import User

    def make(username: str, *, is_superuser: bool = False):
        return User.objects.create_user(username, password="a long test password", is_superuser=is_superuser)

    return make


@pytest.fixture
def project(db):
    from corpus.services import create_project

    return create_project("Soil", slug="soil")


def _member(project, make_user, username: str, role: str):
    from corpus.models import Membership

    user = make_user(username)
    Membership.objects.create(project=project, user=user, role=role)
    return user


@pytest.fixture
def alice(project, make_user):
    """Alice owns the project."""
    return _member(project, make_user, "alice", "owner")


@pytest.fixture
def bob(project, make_user):
    """Bob manages it."""
    return _member(project, make_user, "bob", "manager")


@pytest.fixture
def ann(project, make_user):
    """Ann labels."""
    return _member(project, make_user, "ann", "annotator")


@pytest.fixture
def vic(project, make_user):
    """Vic only looks."""
    return _member(project, make_user, "vic", "viewer")


@pytest.fixture
def charlie(make_user):
    """Charlie has no access."""
    return make_user("charlie")


@pytest.fixture
def root(make_user):
    """The site admin."""
    return make_user("root", is_superuser=True)


@pytest.fixture
def client_of():
    """A logged-in Django client for a user."""
    from django.test import Client

    def log_in(user) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in
