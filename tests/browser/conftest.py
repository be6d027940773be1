"""The real Chromium against Django's live server; skips with a clear word where there is no Chromium."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.judging_fixtures import make_items, stub  # noqa: F401 - fixtures
from tests.worker_fixtures import broker_url, make_worker, use_broker  # noqa: F401 - fixtures

expect.set_options(timeout=15_000)  # as the actions have: a busy machine is no failure

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session", autouse=True)
def _static_root() -> None:
    """The live server's WhiteNoise warns, and a warning is an error, where this folder is missing."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs Chromium (on Debian: sh tests/browser/get_chromium.sh, as root)")
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, where Django would refuse the tests' own queries.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def log_in(live_server) -> Callable[[BrowserContext, object], None]:
    """Give a browser context the session of a user."""

    def give_session(context: BrowserContext, user) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])

    return give_session


@pytest.fixture
def context_errors() -> list[str]:
    """What the pages of this test complained about in the console: errors of scripts and of the CSP."""
    return []


@pytest.fixture
def new_page(chromium, live_server, context_errors, requests_at_work) -> Iterator[Callable[..., Page]]:
    """A page of nobody in particular, in a context of its own; options as for a Playwright context."""
    contexts: list[BrowserContext] = []
    requests_at_work.open()

    def open_page(**options) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: context_errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and context_errors.append(said.text))
        return page

    yield open_page
    for context in contexts:
        context.set_offline(True)  # a labelling page gives its items back when it goes: not now
        context.close()
    requests_at_work.close()


class RequestsAtWork:
    """The requests that the live server works on: the tables are emptied only when there are none.

    Told apart by their threads, so that other tests' clients, in the main thread, are not counted. What a
    page sends on its way out may arrive between two tests; then it is turned away.
    """

    def __init__(self) -> None:
        self._threads: set[int] = set()
        self._changed = threading.Condition()
        self._is_open = False
        request_started.connect(self._begin)
        request_finished.connect(self._end)

    def _begin(self, **_facts) -> None:
        if threading.current_thread() is threading.main_thread():
            return
        with self._changed:
            if not self._is_open:
                raise ConnectionAbortedError("No browser test is running.")  # the server ends it in silence
            self._threads.add(threading.get_ident())

    def _end(self, **_facts) -> None:
        with self._changed:
            self._threads.discard(threading.get_ident())
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._is_open = True

    def close(self) -> None:
        """Take no more requests, and wait for those at work."""
        with self._changed:
            self._is_open = False
            done = self._changed.wait_for(lambda: not self._threads, timeout=20)
            assert done, f"{len(self._threads)} requests hang"


@pytest.fixture(scope="session")
def requests_at_work() -> RequestsAtWork:
    return RequestsAtWork()


@pytest.fixture
def page_of(new_page, log_in) -> Callable[..., Page]:
    """A page of a user who is logged in; options as for a Playwright context."""

    def open_page(user, **options) -> Page:
        page = new_page(**options)
        log_in(page.context, user)
        return page

    return open_page


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Fails with what axe finds on the page as it is now."""

    def check(page: Page) -> None:
        found = Axe().run(page).response["violations"]
        assert not found, page.url + json.dumps(
            [(each["id"], [node["html"] for node in each["nodes"]]) for each in found], indent=1
        )

    return check
