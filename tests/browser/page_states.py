"""Every page of the site in each visually different state, and how to reach that state."""

from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.page_actions import (
    Action,
    compare_folder,
    enter_invalid_passwords,
    enter_wrong_password,
    lock_out,
    lose_connection,
    press,
    resume_upload,
    review_upload,
    select_all_and_run,
    select_two,
    show_error_page,
    start_upload,
)
from tests.browser.site_data import SiteData


@dataclass(frozen=True)
class PageState:
    """One state of one page.

    `action`, if given, puts the page at `address` into this state. `who` names a user of SiteData; if `who` is empty,
    nobody is signed in.
    """

    name: str
    address: str
    action: Action | None = None
    who: str = "owner"


def signed_in(browser: Browser, site: str, user: User | None, **options: object) -> BrowserContext:
    """Create a browser context in which `user` is signed in, if given. The caller must close it."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    if user is not None:
        sign_in(context, site, user)
    return context


def sign_in(context: BrowserContext, site: str, user: User) -> None:
    """Sign in as `user`, replacing the session of any other user in `context`."""
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
    context.add_cookies([cookie])  # type: ignore[list-item]


def open_state(page: Page, site: str, data: SiteData, state: PageState, folder: Path) -> None:
    """Open the state's address in `page`, and run the state's action, if any. Actions write files to `folder`."""
    page.goto(site + state.address.format(data=data))
    if state.action:
        state.action(page, data, folder / state.name)


RUNNING = "/batches/{data.running.id}/"
PAGE_STATES = {
    "batches": [
        PageState("no-batches", "/batches/", who="newcomer"),
        PageState("batches", "/batches/"),
        PageState("batch-running", RUNNING),
        PageState("batch-running-failed", RUNNING + "?show=failed&name=IMG"),
        PageState("batch-rename", RUNNING + "name/"),
        PageState("batch-cancel-question", RUNNING, press("Cancel…", opens="#cancel-dialog")),
        PageState("batch-cancel", RUNNING + "cancel/"),
        PageState("batch-completed", "/batches/{data.completed.id}/"),
        PageState("batch-paused", "/batches/{data.paused.id}/"),
        PageState("batch-cancelled", "/batches/{data.cancelled.id}/"),
        PageState("batch-receiving", "/batches/{data.receiving.id}/"),
        PageState("batch-delete", RUNNING + "delete/"),
    ],
    "files": [
        PageState("item-described", "/batches/{data.completed.id}/files/{data.described_item}/"),
        PageState("item-failed", "/batches/{data.completed.id}/files/{data.failed_item}/"),
        PageState("no-problems", "/problems/", who="newcomer"),
        PageState("problems", "/problems/"),
        PageState("no-library", "/library/", who="newcomer"),
        PageState("library", "/library/"),
        PageState("library-selected", "/library/", select_two),
        PageState("no-search", "/search/", who="newcomer"),
        PageState("search", "/search/?q=cat -dog type:photo"),
        PageState("search-saved", "/search/", lambda page, *_: page.locator(".filters summary").last.click()),
        PageState("search-closest", "/search/?q=giraffe"),
        PageState("search-error", "/search/?q=colour:red"),
        PageState("picture", "/library/{data.picture.id}/"),
        PageState("similar", "/library/{data.picture.id}/similar/"),
        PageState("picture-dates", "/library/dates/?picture={data.picture.id}"),
        PageState("picture-locations", "/library/locations/?picture={data.picture.id}"),
        PageState("near-duplicates", "/library/duplicates/"),
        PageState("no-near-duplicates", "/library/duplicates/", who="newcomer"),
        PageState("albums", "/albums/"),
        PageState("no-albums", "/albums/", who="newcomer"),
        PageState("album", "/albums/{data.link.album_id}/"),
        PageState("album-delete", "/albums/{data.link.album_id}/delete/"),
        PageState("shared-album", "/s/{data.link.token}/", who=""),
        PageState("shared-picture", "/s/{data.link.token}/{data.picture.id}/", who=""),
        PageState("shared-password", "/s/{data.locked_link.token}/", who=""),
        PageState("guest-links", "/guest-links/"),
        PageState("guest-upload", "/g/{data.guest_link.token}/", who=""),
        PageState("trash", "/trash/"),
        PageState("no-trash", "/trash/", who="newcomer"),
    ],
    "upload": [
        PageState("upload", "/batches/new/"),
        PageState("upload-more", "/batches/new/?batch={data.receiving.id}"),
        PageState("upload-sending", "/batches/new/", start_upload),
        PageState("upload-review", "/batches/new/", review_upload),
        PageState("upload-resumed", "/batches/new/", resume_upload),
        PageState("upload-interrupted", "/batches/new/", lose_connection),
        PageState("folder-check", "/safe-to-delete/"),
        PageState("folder-compared", "/safe-to-delete/", compare_folder),
    ],
    "account": [
        PageState("sign-in", "/sign-in/", who=""),
        PageState("sign-in-refused", "/sign-in/", enter_wrong_password, who=""),
        PageState("first-password-invalid", "/first-password/MQ/none/", who=""),
        PageState("password", "/password/"),
        PageState("password-refused", "/password/", enter_invalid_passwords),
        PageState("password-changed", "/password/changed/"),
        PageState("sign-out", "/sign-out/"),
        PageState("signed-out", "/sign-out/", press("Sign out"), who="newcomer"),
        PageState("menu", "/library/", lambda page, *_: page.locator(".account summary").click()),
        PageState("404", "/nothing/"),
        PageState("403", "/sign-in/", show_error_page("403.html"), who=""),
        PageState("403-csrf", "/sign-in/", show_error_page("403_csrf.html"), who=""),
        PageState("locked-out", "/sign-in/", lock_out, who=""),
        PageState("400", "/sign-in/", show_error_page("400.html"), who=""),
        PageState("413", "/sign-in/", show_error_page("413.html"), who=""),
        PageState("500", "/sign-in/", show_error_page("500.html"), who=""),
    ],
    "admin": [
        PageState("admin-engine", "/admin/batches/worker/engine/"),
        PageState("admin-failures", "/admin/batches/batchitem/problems/"),
        PageState("admin-dismiss", "/admin/batches/batchitem/problems/", press("Dismiss…")),
        PageState("admin-cancel", "/admin/batches/uploadbatch/", select_all_and_run("cancel")),
        PageState("admin-delete", "/admin/batches/uploadbatch/", select_all_and_run("delete_batches")),
    ],
    "admin-lists": [
        PageState("admin", "/admin/"),
        PageState("admin-batches", "/admin/batches/uploadbatch/"),
        PageState("admin-items", "/admin/batches/batchitem/"),
        PageState("admin-uploads", "/admin/uploads/upload/"),
        PageState("admin-workers", "/admin/batches/worker/"),
        PageState("admin-batch", "/admin/batches/uploadbatch/{data.completed.id}/change/"),
        PageState("admin-item", "/admin/batches/batchitem/{data.failed_item}/change/"),
        PageState("admin-upload", "/admin/uploads/upload/{data.picture.id}/change/"),
        PageState("admin-password", "/admin/password_change/"),
        PageState("admin-login", "/admin/login/", who=""),
    ],
}
