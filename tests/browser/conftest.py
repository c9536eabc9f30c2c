"""A real browser against a real server on the tests' database."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from tests.waiting import wait_until
from tests.workers import ROOT
from vuemantics.local.ports import answers
from vuemantics.local.process import die_with_parent

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests; each page has its own context."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: name one by CHROMIUM")
    # Playwright's loop runs in this thread, where Django then fears for the ORM; here nothing awaits while it is used.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Site:
    """The whole site, served as in earnest; a test may kill it and start it again at the same address."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = env
        self.log = log
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vuemantics.server", "--port", str(self.port)],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        wait_until(self._ready, 20)

    def _ready(self) -> bool:
        assert self.process.poll() is None, f"the web server ended:\n{self.log.read_text()}"
        return answers("127.0.0.1", self.port)

    def kill(self) -> None:
        """End it without a word to anybody."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def served(worker_env: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """The site's server, for tests that kill it."""
    site = Site(worker_env, tmp_path / "site.log")
    yield site
    site.stop()


@pytest.fixture
def site(served: Site) -> str:
    """The address of the whole site, served as in earnest."""
    return served.url


@pytest.fixture
def open_page(chromium: Browser, site: str, owner: User) -> Iterator[OpenPage]:
    """Open an address as its owner: `open_page("/batches/new/", color_scheme="dark")`. No page may log an error."""
    contexts = []
    errors: list[str] = []

    def open_(path: str, **options: object) -> Page:
        client = Client()
        client.force_login(owner)
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{site}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not errors
