"""What is done on a page to come to the state that a scene shows."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.folders import choose_folder, make_folder
from tests.browser.world import World

Act = Callable[[Page, World, Path], None]


def press(name: str) -> Act:
    """Press a button of the page's content."""
    return lambda page, *_: page.locator("main").get_by_role("button", name=name).first.click()


def refused(template: str) -> Act:
    """Show a page of refusal; which of them the server gives when is shown elsewhere."""

    def show(page: Page, *_: object) -> None:
        body = render_to_string(template)
        page.route("**/refused/", lambda route: route.fulfill(content_type="text/html", body=body))
        page.goto(f"{page.url.partition('/sign-in')[0]}/refused/")

    return show


def guess_password(page: Page, world: World, folder: Path) -> None:
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    press("Sign in")(page, world, folder)
    expect(page.get_by_role("alert")).to_be_visible()


def guess_on(page: Page, world: World, folder: Path) -> None:
    """Guess until the door is locked."""
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        Client(REMOTE_ADDR="127.0.0.1").post("/sign-in/", {"username": "nobody else", "password": "wrong"})
    page.get_by_label("Name").fill("nobody else")
    page.get_by_label("Password").fill("wrong")
    press("Sign in")(page, world, folder)
    expect(page.get_by_role("heading", name="Too many wrong passwords")).to_be_visible()


def mistype_passwords(page: Page, world: World, folder: Path) -> None:
    for label in ("Password now", "New password", "New password once more"):
        page.get_by_label(label, exact=True).fill("1")
    press("Change password")(page, world, folder)
    expect(page.get_by_role("alert")).to_be_visible()


def begin_sending(page: Page, world: World, folder: Path) -> None:
    """Send the folder's files, and let the end be awaited."""
    roll = folder / "Roll"
    if not roll.exists():
        make_folder(roll, 12)
    page.route("**/seal/", lambda route: None)
    choose_folder(page, roll)
    expect(page.locator("#sent-files")).to_have_text("12", timeout=30_000)


def lose_the_line(page: Page, world: World, folder: Path) -> None:
    """Lose the connection while the first files are sent."""
    page.route("**/tus/**", lambda route: None)
    with page.expect_request("**/tus/**", timeout=30_000):
        # Of sizes that nobody has sent yet, or they would be known and not be sent.
        choose_folder(page, make_folder(folder / "Lost", 12, size=5000))
    page.context.set_offline(True)
    expect(page.locator("#trouble")).to_be_visible(timeout=30_000)


def choose_again(page: Page, world: World, folder: Path) -> None:
    """Choose the folder of a batch that has not come to its end."""
    address = page.url
    begin_sending(page, world, folder)
    page.goto(address)
    choose_folder(page, folder / "Roll")
    expect(page.locator("#offer-title")).to_be_visible(timeout=30_000)


def tick_two(page: Page, *_: object) -> None:
    for number in (0, 2):
        page.get_by_role("checkbox").nth(number).check()


def order_of_all(action: str) -> Act:
    """Choose all rows of an admin list and an action that asks before it acts."""

    def order(page: Page, *_: object) -> None:
        page.locator("#action-toggle").check()
        page.locator("select[name=action]").select_option(action)
        page.get_by_role("button", name="Go", exact=True).click()
        expect(page.locator("input[type=submit]")).to_be_visible()

    return order
