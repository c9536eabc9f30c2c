"""Uploads in a real browser continue after interruptions."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Dialog, Page, Route, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, assert_all_arrived, choose_folder, make_folder
from tests.browser.waiting import wait_with_page
from tests.support.batches import assert_counters_match
from tests.support.web_server import Site

FILES, PASSED = 12, 3
# At this rate, the upload takes 6 s, so it is still running when it is interrupted.
SLOW = 40_000
UNLIMITED = -1


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "Roll", FILES, size=20_000)


def received() -> int:
    return BatchItem.objects.exclude(status__in=[ItemStatus.MISSING, ItemStatus.RECEIVING]).count()


class SlowConnection:
    """Limits the page's upload rate until `end` is called.

    It uses one DevTools session, because each session has its own limit.
    """

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Network.enable")
        self._limit(SLOW)

    def end(self) -> None:
        self._limit(UNLIMITED)

    def _limit(self, rate: int) -> None:
        throughput = {"downloadThroughput": UNLIMITED, "uploadThroughput": rate}
        self._devtools.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, **throughput})


class HeldRequests:
    """Lets OPTIONS requests and the first PASSED other upload requests through, and holds the rest until `release`."""

    def __init__(self, page: Page) -> None:
        self.held: list[Route] = []
        self._passed = 0
        self._released = False
        page.route("**/tus/**", self._handle)

    def _handle(self, route: Route) -> None:
        if self._released or self._passed < PASSED or route.request.method == "OPTIONS":
            self._passed += route.request.method != "OPTIONS"
            route.continue_()
        else:
            self.held.append(route)

    def release(self) -> None:
        self._released = True
        for route in self.held:
            route.continue_()


def begin_slowly(page: Page, roll: Path) -> tuple[UploadBatch, SlowConnection]:
    """Choose the folder and wait until a few of its files are received over a slow connection."""
    connection = SlowConnection(page)
    choose_folder(page, roll)
    wait_with_page(page, lambda: received() >= PASSED)
    return UploadBatch.objects.get(), connection


def begin(page: Page, roll: Path) -> HeldRequests:
    """Choose the folder and wait until a few of its files are received and the next requests are held."""
    requests = HeldRequests(page)
    choose_folder(page, roll)
    wait_with_page(page, lambda: requests.held and received() == PASSED)
    return requests


def test_server_killed_during_an_upload_loses_no_file(
    open_page: OpenPage, shared_site: Site, owner: User, roll: Path
) -> None:
    page = open_page("/batches/new/")
    batch, connection = begin_slowly(page, roll)

    shared_site.kill()
    assert received() < FILES
    expect(page.get_by_text("Connection lost.")).to_be_visible()
    shared_site.start()
    connection.end()

    page.wait_for_url(BATCH, timeout=60_000)
    assert_all_arrived(batch, roll)
    assert_counters_match(batch)


def test_upload_continues_after_five_seconds_offline(open_page: OpenPage, owner: User, roll: Path) -> None:
    page = open_page("/batches/new/")
    batch, connection = begin_slowly(page, roll)

    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.wait_for_timeout(5000)  # the length of the outage
    before = received()
    assert before < FILES
    connection.end()
    page.context.set_offline(False)

    expect(page.get_by_text("You are offline.")).to_be_hidden()
    # The upload continues immediately, without waiting for the back-off between attempts.
    wait_with_page(page, lambda: received() > before, 3)
    page.wait_for_url(BATCH, timeout=60_000)
    assert_all_arrived(batch, roll)


def test_pause_stops_the_upload_until_resumed(open_page: OpenPage, owner: User, roll: Path) -> None:
    page = open_page("/batches/new/")
    requests = begin(page, roll)

    page.get_by_role("button", name="Pause").click()
    expect(page).to_have_title("Paused · Roll · vuemantics")
    sent = SentRequests(page)
    requests.release()
    # The pause aborted the held requests. If the page retried them, it would do so before this request.
    page.evaluate("async () => { await fetch(location.href); }")
    assert sent.creations + sent.bodies == 0
    assert received() == PASSED
    page.get_by_role("button", name="Resume").click()

    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.get(), roll)


def test_upload_continues_after_signing_in_again(open_page: OpenPage, owner: User, roll: Path) -> None:
    page = open_page("/batches/new/")
    requests = begin(page, roll)
    cookies = page.context.cookies()

    page.context.clear_cookies()
    requests.release()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert received() == PASSED
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.get_by_role("button", name="Resume").click()

    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.get(), roll)


def test_leaving_the_page_during_an_upload_asks_for_confirmation(open_page: OpenPage, owner: User, roll: Path) -> None:
    page = open_page("/batches/new/")
    begin(page, roll)
    # Interact with the page first: browsers ask for confirmation only if the user has interacted with it.
    page.get_by_role("button", name="Pause").click()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)

    page.close(run_before_unload=True)

    wait_with_page(page, lambda: asked)
    assert asked == ["beforeunload"]
