"""Actions that put a page into the states listed in page_states.py."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.folders import choose_folder, make_folder
from tests.browser.site_data import SiteData

Action = Callable[[Page, SiteData, Path], None]


def press(name: str, *, opens: str = "") -> Action:
    """Return an action that presses a button and waits for the element `opens` or, by default, for the next page."""

    def press_button(page: Page, *_: object) -> None:
        button = page.locator("main").get_by_role("button", name=name).first
        if opens:
            button.click()
            expect(page.locator(opens)).to_be_visible()
        else:
            with page.expect_navigation():
                button.click()

    return press_button


def show_error_page(template: str) -> Action:
    """Return an action that shows an error page as if the server had sent it."""

    def show(page: Page, *_: object) -> None:
        body = render_to_string(template)
        page.route("**/refused/", lambda route: route.fulfill(content_type="text/html", body=body))
        page.goto(f"{page.url.partition('/sign-in')[0]}/refused/")

    return show


def enter_wrong_password(page: Page, data: SiteData, folder: Path) -> None:
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    press("Sign in")(page, data, folder)
    expect(page.get_by_role("alert")).to_be_visible()


def lock_out(page: Page, data: SiteData, folder: Path) -> None:
    """Send wrong passwords until further attempts are refused."""
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        Client(REMOTE_ADDR="127.0.0.1").post("/sign-in/", {"username": "nobody else", "password": "wrong"})
    page.get_by_label("User name").fill("nobody else")
    page.get_by_label("Password").fill("wrong")
    press("Sign in")(page, data, folder)
    expect(page.get_by_role("heading", name="Too many failed attempts")).to_be_visible()


def enter_invalid_passwords(page: Page, data: SiteData, folder: Path) -> None:
    for label in ("Current password", "New password", "Repeat new password"):
        page.get_by_label(label, exact=True).fill("1")
    press("Change password")(page, data, folder)
    expect(page.get_by_role("alert")).to_be_visible()


def start_upload(page: Page, data: SiteData, folder: Path) -> None:
    """Send a folder's files, but do not respond to the request to seal the batch, so that the upload never finishes."""
    roll = folder / "Roll"
    if not roll.exists():
        make_folder(roll, 12)
    page.route("**/seal/", lambda route: None)
    choose_folder(page, roll)
    expect(page.locator("#sent-files")).to_have_text("12")


def compare_folder(page: Page, data: SiteData, folder: Path) -> None:
    roll = folder / "Roll"
    if not roll.exists():
        # Enough files to make their list scroll.
        make_folder(roll, 40)
    choose_folder(page, roll)
    expect(page.locator("#verdict")).to_be_visible()


def lose_connection(page: Page, data: SiteData, folder: Path) -> None:
    """Lose the connection while the first files are being sent."""
    page.route("**/tus/**", lambda route: None)
    with page.expect_request("**/tus/**"):
        # Use a different size from earlier actions: identical files would be duplicates, which are not sent.
        choose_folder(page, make_folder(folder / "Lost", 12, size=5000))
    page.context.set_offline(True)
    expect(page.locator("#upload-warning")).to_be_visible(timeout=30_000)


def resume_upload(page: Page, data: SiteData, folder: Path) -> None:
    """Leave the page during an upload, then choose the same folder again."""
    address = page.url
    start_upload(page, data, folder)
    page.goto(address)
    choose_folder(page, folder / "Roll")
    expect(page.locator("#resume-title")).to_be_visible(timeout=30_000)


def review_upload(page: Page, data: SiteData, folder: Path) -> None:
    """Choose only the second part of an export, so that the page reports the first part as missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "takeout-1-002.zip").write_bytes(b"PK")
    page.locator("#file-input").set_input_files(folder / "takeout-1-002.zip")
    expect(page.locator("#review-title")).to_be_visible(timeout=30_000)


def select_two(page: Page, *_: object) -> None:
    for number in (0, 2):
        page.get_by_role("checkbox").nth(number).check()


def select_all_and_run(action: str) -> Action:
    """Return an action that runs an admin action on all rows of a list, up to the confirmation page."""

    def run(page: Page, *_: object) -> None:
        page.locator("#action-toggle").check()
        page.locator("select[name=action]").select_option(action)
        with page.expect_navigation():
            page.get_by_role("button", name="Go", exact=True).click()
        expect(page.locator("input[type=submit]")).to_be_visible()

    return run
