"""The notification of the browser when a batch is done."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe, path
from tests.support.batches import make_batch

# Headless Chromium shows no notifications: what the page asks the browser to show is noted instead.
NOTED = """
    window.shown = [];
    window.Notification = class extends EventTarget {
        static permission = "default";
        static async requestPermission() { return (this.permission = window.answer ?? "granted"); }
        constructor(title, options) { super(); window.shown.push([title, options.body]); }
    };
"""


def opened(open_page: OpenPage, batch: UploadBatch, answer: str = "granted") -> Page:
    """The batch's page in a browser that answers so when it is asked."""
    page = open_page(path(batch))
    page.add_init_script(f"window.answer = '{answer}'; {NOTED}")
    page.reload()
    return page


def end(batch: UploadBatch, files: int) -> None:
    describe(batch, files)
    lifecycle.seal_batch(batch.id)


def test_person_who_asked_is_told_once_with_the_counts(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = opened(open_page, batch)
    page.get_by_role("button", name="Notify me").click()
    expect(page.locator("#notification-on")).to_contain_text("You will be notified")

    end(batch, 2)

    expect(page.locator("#notification")).to_be_hidden()
    assert page.evaluate("window.shown") == [["“Iceland” is done", "2 described, took less than a minute"]]


def test_person_who_did_not_ask_is_not_told(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = opened(open_page, batch)

    end(batch, 2)

    expect(page.locator("#notification")).to_be_hidden()
    assert page.evaluate("window.shown") == []


def test_browser_that_refuses_is_explained(open_page: OpenPage, owner: User) -> None:
    page = opened(open_page, make_batch(owner, 2), "denied")

    page.get_by_role("button", name="Notify me").click()

    expect(page.locator("#notification-off")).to_contain_text("Notifications are blocked")


def test_wish_survives_a_reload(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = opened(open_page, batch)
    page.get_by_role("button", name="Notify me").click()
    page.add_init_script("window.Notification.permission = 'granted'")

    page.reload()

    expect(page.locator("#notification-on")).to_contain_text("You will be notified")


def test_page_of_a_finished_batch_offers_nothing(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 1)
    end(batch, 1)

    page = opened(open_page, batch)

    expect(page.locator("#notification")).to_have_count(0)
