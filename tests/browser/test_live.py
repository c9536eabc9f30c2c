"""In a real browser, a live page updates without reloading, reconnects, and says when it cannot connect."""

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, WebSocketRoute, expect

from batches.engine import lifecycle
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.waiting import wait_with_page
from tests.support.batches import make_batch
from uploads.models import Upload

SMALL_TARGETS = """[...document.querySelectorAll("button, .button, nav a, summary")]
    .filter((one) => one.checkVisibility() && !one.closest(".scale") && one.getBoundingClientRect().height < 40)
    .map((one) => one.outerHTML)"""
SIZES = [{"width": 390, "height": 844}, {"width": 1280, "height": 900}]


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 60)


@pytest.fixture
def small_batch(owner: User) -> UploadBatch:
    return make_batch(owner, 4)


def describe(batch: UploadBatch, done: int) -> None:
    """Complete the first `done` files without the engine, and notify open pages."""
    ids = list(batch.items.order_by("id").values_list("id", flat=True)[:done])
    BatchItem.objects.filter(id__in=ids).update(
        status=ItemStatus.COMPLETED, result="new", queue_position=None, finished_at=timezone.now()
    )
    Upload.objects.filter(items__in=ids).update(description="A glacier.", processed_at=timezone.now())
    UploadBatch.objects.filter(id=batch.id).update(successful=done)
    live_events.notify_batch_changed(batch.id)


def fail_last(batch: UploadBatch) -> None:
    BatchItem.objects.filter(id=batch.items.order_by("-id")[0].id).update(
        status=ItemStatus.FAILED,
        queue_position=None,
        finished_at=timezone.now(),
        error_code="image.truncated",
        error_message="The picture is incomplete: the end of the file is missing.",
    )
    UploadBatch.objects.filter(id=batch.id).update(failed=1)


def path(batch: UploadBatch) -> str:
    return f"/batches/{batch.id}/"


def test_first_frame_does_not_replace_what_the_page_already_shows(
    open_page: OpenPage, small_batch: UploadBatch
) -> None:
    page = open_page("/library/")
    page.add_init_script("addEventListener('DOMContentLoaded', () => { document.getElementById('title').kept = true })")
    page.goto(page.url.replace("/library/", path(small_batch)))

    # Once this later frame is shown, the first one has been processed.
    describe(small_batch, 2)
    expect(page.locator("#count")).to_have_text("2")

    assert page.evaluate("document.getElementById('title').kept")


def test_page_is_updated_until_completion_without_a_reload(open_page: OpenPage, batch: UploadBatch) -> None:
    page = open_page(f"{path(batch)}?show=described")
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_text("No files described yet")).to_be_visible()

    describe(batch, 30)

    expect(page).to_have_title("50% · Iceland · vuemantics")
    expect(page.locator("#count")).to_have_text("30")
    expect(page.locator("#announcement")).to_have_text("50% done.")
    expect(page.locator(".files li")).to_have_count(30)

    describe(batch, 59)
    fail_last(batch)
    lifecycle.seal_batch(batch.id)

    expect(page.locator("#heading")).to_contain_text("Completed with problems")
    expect(page.locator("#announcement")).to_have_text("Completed: 59 described, 1 failed.")
    expect(page.locator("#problems")).to_contain_text("The picture is incomplete")
    expect(page.locator(".files li")).to_have_count(50)
    assert page.evaluate("window.sameDocument")


def test_buttons_of_the_page_command_the_batch(open_page: OpenPage, small_batch: UploadBatch) -> None:
    page = open_page(path(small_batch))

    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#heading")).to_contain_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#heading")).to_contain_text("Processing")
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel import").click()

    expect(page.locator("#heading")).to_contain_text("Cancelled")
    # The page may show the new state before the items are cancelled.
    wait_with_page(page, lambda: UploadBatch.objects.get(id=small_batch.id).cancelled == 4)
    small_batch.refresh_from_db()
    assert small_batch.status == "cancelled"


def test_list_is_filtered_in_place_and_by_the_back_button(open_page: OpenPage, batch: UploadBatch) -> None:
    fail_last(batch)
    page = open_page(path(batch))
    page.evaluate("window.sameDocument = true")

    page.get_by_role("link", name="Failed").click()

    expect(page.locator(".files li")).to_have_count(1)
    assert page.url.endswith("?show=failed")
    assert page.evaluate("window.sameDocument")
    page.go_back()
    expect(page.locator(".files li")).to_have_count(50)
    expect(page.locator("#summary")).to_be_visible()


class Connection:
    """The page's connection to the server, which a test can cut and restore."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.up = True
        page.route_web_socket(re.compile("/ws/batches/"), self._route)
        # From here on, the test can advance the page's clock.
        page.clock.install()

    def _route(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        if self.up:
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    def wait_open(self) -> None:
        # Playwright reports new sockets only while a call to the page is running.
        wait_with_page(self.page, lambda: self.sockets)

    def cut(self, code: int) -> None:
        self.up = False
        self.sockets[-1].close(code=code)


def test_page_reconnects_and_shows_the_current_state(open_page: OpenPage, site: str, small_batch: UploadBatch) -> None:
    page = open_page("/favicon.ico", own_context=True)
    connection = Connection(page)
    page.goto(site + path(small_batch))
    describe(small_batch, 1)
    expect(page.locator("#count")).to_have_text("1")

    for code, done in ((1001, 2), (1012, 3)):
        connection.cut(code)
        page.clock.run_for(10_000)
        expect(page.locator("#connection")).to_have_text("Connection lost. Reconnecting…")
        UploadBatch.objects.filter(id=small_batch.id).update(successful=done)
        connection.up = True
        page.clock.run_for(120_000)
        expect(page.locator("#count")).to_have_text(str(done))
        expect(page.locator("#connection")).to_be_hidden()


def test_page_does_not_reconnect_after_sign_out_or_deletion(
    open_page: OpenPage, site: str, small_batch: UploadBatch
) -> None:
    for code, notice in ((4403, "You are signed out."), (4404, "This import was deleted.")):
        page = open_page("/favicon.ico", own_context=True)
        connection = Connection(page)
        page.goto(site + path(small_batch))
        expect(page.locator("#count")).to_have_text("0")
        connection.wait_open()

        connection.cut(code)

        expect(page.locator("#connection")).to_contain_text(notice)
        page.clock.run_for(300_000)
        expect(page.locator("#connection")).to_contain_text(notice)
        assert len(connection.sockets) == 1


def test_pages_fit_a_desktop_and_keep_to_the_content_security_policy(
    open_page: OpenPage, site: str, batch: UploadBatch
) -> None:
    describe(batch, 30)
    fail_last(batch)
    upload = batch.items.order_by("id")[0].upload_id
    page = open_page("/batches/")
    console_errors: list[str] = []
    # The browser reports violations of the Content-Security-Policy as console errors.
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)

    # test_page_states.py checks the sizes on a phone.
    for address in ("/batches/", path(batch), "/library/", f"/library/{upload}/", "/sign-in/?next=/"):
        page.goto(site + address)
        assert not page.evaluate(SMALL_TARGETS), address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address

    assert not console_errors
