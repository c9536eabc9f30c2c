"""Every page of the site, in each state that looks different: how it is reached, by whom."""

from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.browser.acts import (
    Act,
    begin_sending,
    choose_again,
    guess_on,
    guess_password,
    lose_the_line,
    mistype_passwords,
    order_of_all,
    press,
    refused,
    tick_two,
)
from tests.browser.world import World


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
        Scene("no-inbox", "/problems/", who="newcomer"),
        Scene("inbox", "/problems/"),
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
        Scene("admin-failures", "/admin/batches/batchitem/problems/"),
        Scene("admin-dismiss", "/admin/batches/batchitem/problems/", press("Dismiss…")),
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
        Scene("admin-item", "/admin/batches/batchitem/{world.failed_item}/change/"),
        Scene("admin-upload", "/admin/uploads/upload/{world.picture.id}/change/"),
        Scene("admin-password", "/admin/password_change/"),
        Scene("admin-login", "/admin/login/", who=""),
    ],
}
