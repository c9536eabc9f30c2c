"""In a real browser, every page has one socket, which updates the summary in the navigation and the lists."""

import re
from pathlib import Path

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page, expect

from batches.engine import lifecycle
from batches.models import OwnerLastSeen, UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import choose_folder, make_folder
from tests.browser.test_live import describe
from tests.browser.waiting import wait_with_page
from tests.support.batches import make_batch

ALL = "/ws/batches/"


def sockets_of(page: Page) -> list[str]:
    """Return a list that collects the URLs of the sockets that the page opens from now on."""
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    return opened


def test_summary_follows_a_batch_on_another_page(open_page: OpenPage, owner: User) -> None:
    page = open_page("/library/")
    summary = page.locator("#running")
    expect(summary).to_be_hidden()

    batch = make_batch(owner, 4)
    expect(summary).to_have_text(re.compile("1 running, 0%"))
    describe(batch, 3)
    expect(summary).to_have_text(re.compile("1 running, 75%"))
    describe(batch, 4)
    lifecycle.seal_batch(batch.id)
    expect(summary).to_have_text(re.compile("1 finished"))

    summary.click()
    expect(page.locator("h1")).to_have_text("Imports")
    expect(summary).to_be_hidden()


def test_each_page_has_one_socket(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 4)
    page = open_page("/favicon.ico")
    opened = sockets_of(page)
    site = page.url.rpartition("/static")[0]

    one = f"/batches/{batch.id}/"
    for path, socket in {"/library/": ALL, "/batches/new/": ALL, one: f"/ws{one}"}.items():
        opened.clear()
        page.goto(site + path)
        expect(page.locator("#running")).to_contain_text("1 running")
        wait_with_page(page, lambda: opened)
        assert [url.removeprefix(site.replace("http", "ws")) for url in opened] == [socket]


def test_upload_page_switches_to_the_socket_of_its_batch(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    page = open_page("/favicon.ico")
    opened = sockets_of(page)
    closed: list[str] = []
    page.on("websocket", lambda socket: socket.on("close", lambda socket: closed.append(socket.url)))
    # Do not respond to the request to seal the batch, so that the upload page stays open.
    page.route("**/seal/", lambda route: None)
    page.goto(page.url.rpartition("/static")[0] + "/batches/new/")
    make_batch(owner, 4)
    expect(page.locator("#running")).to_contain_text("1 running, 0%")

    choose_folder(page, make_folder(tmp_path / "Roll", 3))

    expect(page.locator("#live #count")).to_have_text("0")
    expect(page.locator("#running")).to_contain_text("2 running, 0%")
    batch = UploadBatch.objects.get(name="Roll")
    wait_with_page(page, lambda: closed)
    assert [url.partition("/ws/")[2] for url in opened] == ["batches/", f"batches/{batch.id}/"]
    assert closed == opened[:1]
    expect(page.locator("#connection")).to_be_hidden()


def test_list_of_batches_is_live_and_marks_batches_as_seen(open_page: OpenPage, owner: User) -> None:
    page = open_page("/batches/")
    page.evaluate("window.sameDocument = true")
    batch = make_batch(owner, 4)
    expect(page.locator(".batch h2")).to_have_text("Iceland")

    describe(batch, 4)
    lifecycle.seal_batch(batch.id)

    expect(page.locator(".batch .state")).to_have_text("Completed")
    expect(page.locator("#running")).to_be_hidden()
    assert OwnerLastSeen.objects.exists()
    assert page.evaluate("window.sameDocument")


def test_running_batch_is_renamed_in_place(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 4)
    page = open_page(f"/batches/{batch.id}/")
    page.evaluate("window.sameDocument = true")

    page.get_by_role("link", name="Rename").click()
    expect(page.get_by_label("Name of this import")).to_be_focused()
    page.get_by_label("Name of this import").fill("Summer")
    describe(batch, 2)
    expect(page.locator("#count")).to_have_text("2")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", name="Summer")).to_be_visible()
    expect(page.get_by_role("link", name="Rename")).to_be_focused()
    assert UploadBatch.objects.get().name == "Summer"
    assert page.evaluate("window.sameDocument")


def test_sign_out_elsewhere_is_shown_at_once(open_page: OpenPage, owner: User) -> None:
    page = open_page("/library/")
    make_batch(owner, 1)
    expect(page.locator("#running")).to_contain_text("1 running")
    other_tab = Client()
    other_tab.cookies["sessionid"] = Session.objects.latest("expire_date").session_key

    other_tab.post("/sign-out/")

    expect(page.locator("#connection")).to_contain_text("You are signed out.")
