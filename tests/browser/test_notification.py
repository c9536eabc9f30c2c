"""With the user's consent, the browser shows a notification when a batch is completed."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe, path
from tests.support.batches import make_batch

# Record notifications, because headless Chromium does not show them.
RECORD_NOTIFICATIONS = """
    window.shown = [];
    window.Notification = class extends EventTarget {
        static permission = "default";
        static async requestPermission() { return (this.permission = window.answer ?? "granted"); }
        constructor(title, options) { super(); window.shown.push([title, options.body]); }
    };
"""


def open_batch(open_page: OpenPage, batch: UploadBatch, answer: str = "granted") -> Page:
    """Open the batch's page in a browser that answers the permission request with `answer`."""
    page = open_page(path(batch))
    page.add_init_script(f"window.answer = '{answer}'; {RECORD_NOTIFICATIONS}")
    page.reload()
    return page


def complete(batch: UploadBatch, files: int) -> None:
    describe(batch, files)
    lifecycle.seal_batch(batch.id)


def test_notification_shows_the_counts_once(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = open_batch(open_page, batch)
    page.get_by_role("button", name="Notify me").click()
    expect(page.locator("#notification-on")).to_contain_text("You will be notified")

    complete(batch, 2)

    expect(page.locator("#notification")).to_be_hidden()
    assert page.evaluate("window.shown") == [["“Iceland” is done", "2 described, took less than a minute"]]


def test_notification_is_not_shown_without_consent(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = open_batch(open_page, batch)

    complete(batch, 2)

    expect(page.locator("#notification")).to_be_hidden()
    assert page.evaluate("window.shown") == []


def test_blocked_notifications_are_explained(open_page: OpenPage, owner: User) -> None:
    page = open_batch(open_page, make_batch(owner, 2), "denied")

    page.get_by_role("button", name="Notify me").click()

    expect(page.locator("#notification-off")).to_contain_text("Notifications are blocked")


def test_consent_is_kept_after_a_reload(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = open_batch(open_page, batch)
    page.get_by_role("button", name="Notify me").click()
    page.add_init_script("window.Notification.permission = 'granted'")

    page.reload()

    expect(page.locator("#notification-on")).to_contain_text("You will be notified")
