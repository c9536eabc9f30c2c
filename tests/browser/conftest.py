"""Fixtures for the browser tests: a real browser, and a real server that uses the test database."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.browser.page_states import sign_in
from tests.browser.site_data import SiteData, make_site_data
from tests.support.fake_workers import fake_worker
from tests.support.web_server import Site

# The headless shell is the same browser without a window, and needs half the CPU time.
BROWSERS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"]
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(os.path.exists, BROWSERS), BROWSERS[-1])
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# Without a graphics card, a separate GPU process only costs time.
ARGUMENTS += ["--in-process-gpu", "--num-raster-threads=1"]

OpenPage = Callable[..., Page]
SCRIPTS = "http://scripts.localhost"
# Long enough for a busy machine. Only failing tests wait this long.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser that the tests in this folder share."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: set CHROMIUM to the path of one")
    # Otherwise, Django would refuse to run queries, because Playwright's event loop runs in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="package")
def blank_page(chromium: Browser) -> Iterator[Page]:
    """An empty page, which can import the site's scripts. It needs no server and no database."""
    page = chromium.new_page()
    page.route(f"{SCRIPTS}/**", _send_static_file)
    page.goto(f"{SCRIPTS}/")
    yield page
    page.context.close()


def _send_static_file(route: Route) -> None:
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        route.fulfill(path=settings.BASE_DIR / path.removeprefix("/"))
    else:
        route.fulfill(content_type="text/html", body="<!doctype html>")


@pytest.fixture
def own_site(worker_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """The whole site for one test, configured by the test's `worker_env` fixture."""
    site = Site(worker_env, tmp_path / "site.log")
    yield site
    site.stop()


@pytest.fixture
def site(request: pytest.FixtureRequest) -> str:
    """The URL of the test's own site if the test uses `own_site`, otherwise the URL of the shared site."""
    name = "own_site" if "own_site" in request.fixturenames else "shared_site"
    return str(request.getfixturevalue(name).address)


@pytest.fixture(scope="package")
def shared_context_of_process(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser context that most pages share, so that they find the site's scripts and styles in its cache.

    Tests use `open_page` instead.
    """
    with closing(chromium.new_context()) as context:
        yield context


@pytest.fixture
def shared_context(shared_context_of_process: BrowserContext) -> Iterator[BrowserContext]:
    """The shared context, without pages and cookies from earlier tests.

    Session storage from earlier tests is gone too, because the browser discards it when a page is closed.
    """
    yield shared_context_of_process
    for page in shared_context_of_process.pages:
        page.close()
    shared_context_of_process.set_offline(False)
    shared_context_of_process.clear_cookies()


@pytest.fixture
def open_page(chromium: Browser, shared_context: BrowserContext, site: str, owner: User) -> Iterator[OpenPage]:
    """A function that opens pages signed in as `owner`: `open_page("/batches/new/", color_scheme="dark")`.

    Pages with options get their own context. A test that sets the routes, scripts or clock of a whole context needs
    `own_context=True`. The test fails if a page has an uncaught error.
    """
    errors: list[str] = []
    with ExitStack() as contexts:

        def open_(path: str, *, own_context: bool = False, **options: object) -> Page:
            context = shared_context
            if own_context or options:
                context = contexts.enter_context(closing(chromium.new_context(**options)))  # type: ignore[arg-type]
            sign_in(context, site, owner)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"{site}{path}")
            return page

        yield open_
    assert not errors


@pytest.fixture
def site_data(owner: User, other: User) -> Iterator[SiteData]:
    """Batches in every state, other data for pages, and a worker that appears to be running."""
    with fake_worker():
        yield make_site_data(owner, other)
