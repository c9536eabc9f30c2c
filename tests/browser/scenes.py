"""Every page of the site, in each state that looks different: how it is reached, by whom."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests.browser.folders import choose_folder, make_folder
from tests.browser.world import World

Act = Callable[[Page, World, Path], None]


@dataclass(frozen=True)
class Scene:
    """One state of one page. `act` leads from the address to it; `who` is a name in the world, or "" for nobody."""

    name: str
    address: str
    act: Act | None = None
    who: str = "owner"


def sign_in(browser: Browser, site: str, user: User | None, **options: object) -> Page:
    """A page in a context of its own where the user is signed in; close its context."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    if user is not None:
        client = Client()
        client.force_login(user)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
        context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def reach(browser: Browser, site: str, world: World, scene: Scene, folder: Path, **options: object) -> Page:
    """Open the scene; close its page's context."""
    user = getattr(world, scene.who) if scene.who else None
    page = sign_in(browser, site, user, **options)
    folder /= scene.name
    page.goto(site + scene.address.format(world=world))
    if scene.act:
        scene.act(page, world, folder)
    return page


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


RUNNING = "/batches/{world.running.id}/"
SCENES = {
    "batches": [
        Scene("no-batches", "/batches/", who="newcomer"),
        Scene("batches", "/batches/"),
        Scene("batch-running", RUNNING),
        Scene("batch-running-failed", RUNNING + "?show=failed&name=IMG"),
        Scene("batch-naming", RUNNING + "name/"),
        Scene("batch-cancel-question", RUNNING, press("Cancel…")),
        Scene("batch-cancel", RUNNING + "cancel/"),
        Scene("batch-completed", "/batches/{world.completed.id}/"),
        Scene("batch-paused", "/batches/{world.paused.id}/"),
        Scene("batch-cancelled", "/batches/{world.cancelled.id}/"),
        Scene("batch-coming", "/batches/{world.coming.id}/"),
        Scene("batch-delete", RUNNING + "delete/"),
    ],
    "files": [
        Scene("item-described", "/batches/{world.completed.id}/files/{world.described_item}/"),
        Scene("item-failed", "/batches/{world.completed.id}/files/{world.failed_item}/"),
        Scene("no-inbox", "/needs-a-look/", who="newcomer"),
        Scene("inbox", "/needs-a-look/"),
        Scene("no-library", "/library/", who="newcomer"),
        Scene("library", "/library/"),
        Scene("library-ticked", "/library/", tick_two),
        Scene("picture", "/library/{world.picture.id}/"),
        Scene("picture-delete", "/library/delete/?id={world.picture.id}"),
    ],
    "upload": [
        Scene("upload", "/batches/new/"),
        Scene("upload-more", "/batches/new/?batch={world.coming.id}"),
        Scene("upload-sending", "/batches/new/", begin_sending),
        Scene("upload-again", "/batches/new/", choose_again),
        Scene("upload-trouble", "/batches/new/", lose_the_line),
    ],
    "account": [
        Scene("sign-in", "/sign-in/", who=""),
        Scene("sign-in-refused", "/sign-in/", guess_password, who=""),
        Scene("password", "/password/"),
        Scene("password-refused", "/password/", mistype_passwords),
        Scene("password-changed", "/password/changed/"),
        Scene("sign-out", "/sign-out/"),
        Scene("signed-out", "/sign-out/", press("Sign out"), who="newcomer"),
        Scene("menu", "/library/", lambda page, *_: page.locator(".account summary").click()),
        Scene("404", "/nothing/"),
        Scene("403", "/sign-in/", refused("403.html"), who=""),
        Scene("403-csrf", "/sign-in/", refused("403_csrf.html"), who=""),
        Scene("locked-out", "/sign-in/", guess_on, who=""),
        Scene("400", "/sign-in/", refused("400.html"), who=""),
        Scene("413", "/sign-in/", refused("413.html"), who=""),
        Scene("500", "/sign-in/", refused("500.html"), who=""),
    ],
    "admin": [
        Scene("admin-engine", "/admin/batches/worker/engine/"),
        Scene("admin-failures", "/admin/batches/batchitem/needs-a-look/"),
        Scene("admin-dismiss", "/admin/batches/batchitem/needs-a-look/", press("Dismiss…")),
        Scene("admin-cancel", "/admin/batches/uploadbatch/", order_of_all("cancel")),
        Scene("admin-delete", "/admin/batches/uploadbatch/", order_of_all("delete_batches")),
    ],
    "admin-lists": [
        Scene("admin", "/admin/"),
        Scene("admin-batches", "/admin/batches/uploadbatch/"),
        Scene("admin-items", "/admin/batches/batchitem/"),
        Scene("admin-uploads", "/admin/uploads/upload/"),
        Scene("admin-workers", "/admin/batches/worker/"),
        Scene("admin-batch", "/admin/batches/uploadbatch/{world.completed.id}/change/"),
    ],
}
