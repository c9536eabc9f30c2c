"""Fixtures for the browser tests: a real browser, and a real server that uses the test database."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.page_states import signed_in
from tests.browser.site_data import SiteData, make_site_data
from tests.support.fake_workers import fake_worker
from tests.support.web_server import Site

# The headless shell is the same browser without its window, and takes half the CPU time.
BROWSERS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"]
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(os.path.exists, BROWSERS), BROWSERS[-1])
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

OpenPage = Callable[..., Page]
# This is long enough for a busy machine. Only failing tests wait this long.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser that the tests in this folder share. Each page has its own context."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: name one by CHROMIUM")
    # Without this, Django would refuse to run queries, because Playwright's event loop runs in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def own_site(worker_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """The whole site for one test, which may kill and restart it."""
    site = Site(worker_env, tmp_path / "site.log")
    yield site
    site.stop()


@pytest.fixture
def site(request: pytest.FixtureRequest) -> str:
    """The address of the test's own site if the test uses `own_site`, otherwise that of the shared site."""
    name = "own_site" if "own_site" in request.fixturenames else "shared_site"
    return str(request.getfixturevalue(name).address)


@pytest.fixture
def open_page(chromium: Browser, site: str, owner: User) -> Iterator[OpenPage]:
    """Open pages signed in as `owner`: `open_page("/batches/new/", color_scheme="dark")`.

    The test fails if a page has an uncaught error.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(path: str, **options: object) -> Page:
        contexts.append(signed_in(chromium, site, owner, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{site}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def site_data(owner: User, other: User) -> Iterator[SiteData]:
    """Batches in every state, and a worker that appears to be running."""
    with fake_worker():
        yield make_site_data(owner, other)
