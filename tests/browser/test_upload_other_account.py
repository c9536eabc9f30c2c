"""A user signs in to another account in the same browser during an upload."""

from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Route, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, assert_all_arrived, choose_folder, make_folder
from tests.browser.page_states import sign_in
from tests.browser.waiting import wait_with_page


def test_sign_in_during_an_upload_is_named_and_the_upload_resumes(
    open_page: OpenPage, site: str, owner: User, other: User, tmp_path: Path
) -> None:
    page = open_page("/batches/new/")
    held: list[Route] = []
    released: list[Route] = []
    # Do not remove the route: Playwright would then handle its pending requests itself.
    page.route("**/tus/", lambda route: route.continue_() if released else held.append(route))
    roll = make_folder(tmp_path / "Roll", 3)
    choose_folder(page, roll)
    expect(page.locator("#sending")).to_be_visible()
    wait_with_page(page, lambda: held)
    sign_in(page.context, site, other)
    released += held
    for route in released:
        route.continue_()

    expect(page.locator("#upload-warning-text")).to_contain_text("signed in to another account")
    expect(page.get_by_text("cancelled or deleted")).to_be_hidden()

    sign_in(page.context, site, owner)
    page.get_by_role("button", name="Resume", exact=True).click()
    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.get(), roll)


def test_files_do_not_go_to_an_account_that_signed_in_later(
    open_page: OpenPage, site: str, owner: User, other: User, tmp_path: Path
) -> None:
    page = open_page("/batches/new/")
    sign_in(page.context, site, other)

    choose_folder(page, make_folder(tmp_path / "Roll", 1))

    expect(page.locator("#picker-error")).to_contain_text("signed in to another account")
    assert not UploadBatch.objects.exists()
