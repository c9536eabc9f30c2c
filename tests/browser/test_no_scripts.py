"""Without JavaScript, uploads, progress, commands, lists, deletion, password changes and sign-out work."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import make_folder
from tests.browser.test_live import describe
from tests.support.batches import make_batch
from tests.support.failures import fail_stored
from uploads.models import Upload


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.locator("main").get_by_role("link", name=name, exact=True).click()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page("/favicon.ico", java_script_enabled=False)


def visit(page: Page, path: str) -> None:
    page.goto(f"http://{page.url.split('/')[2]}{path}")


def test_form_adds_files(page: Page, owner: User, tmp_path: Path) -> None:
    make_folder(tmp_path / "Roll", 3)
    visit(page, "/batches/")
    follow(page, "Add files")

    page.get_by_label("Name").fill("Iceland")
    page.locator("#files").set_input_files(sorted((tmp_path / "Roll").iterdir()))
    press(page, "Upload")

    expect(page.get_by_role("heading", level=1)).to_have_text("Iceland")
    assert UploadBatch.objects.get().total == 3


def test_progress_refreshes_until_completion(page: Page, owner: User) -> None:
    batch = make_batch(owner, 4)
    visit(page, f"/batches/{batch.id}/")
    expect(page.locator("#count")).to_have_text("0")

    describe(batch, 3)

    expect(page.locator("#count")).to_have_text("3")


def test_batch_is_renamed_paused_and_cancelled(page: Page, owner: User) -> None:
    batch = make_batch(owner, 4)
    visit(page, f"/batches/{batch.id}/")

    follow(page, "Rename")
    page.get_by_label("Name of this import").fill("Summer")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("Summer")
    press(page, "Pause")
    expect(page.locator("#heading")).to_contain_text("Paused")
    press(page, "Resume")
    expect(page.locator("#heading")).to_contain_text("Processing")
    follow(page, "Finish without the missing files…")
    press(page, "Finish")
    expect(page.locator("#finish-button")).to_be_hidden()
    follow(page, "Cancel…")
    press(page, "Cancel import")

    expect(page.locator("#heading")).to_contain_text("Cancelled")
    batch.refresh_from_db()
    assert (batch.name, batch.status) == ("Summer", BatchStatus.CANCELLED)


def test_lists_are_filtered_and_paged(page: Page, owner: User) -> None:
    batch = make_batch(owner, 60)
    visit(page, f"/batches/{batch.id}/")

    follow(page, "Next")
    expect(page.locator(".files li")).to_have_count(10)
    follow(page, "Previous")
    expect(page.locator(".files li")).to_have_count(50)
    visit(page, f"/batches/{batch.id}/?still")  # a refresh of the page would discard the typed text
    page.get_by_label("Name or folder contains").fill("IMG_0059")
    press(page, "Search")
    expect(page.locator(".files li")).to_have_count(1)
    follow(page, "Described")
    expect(page.get_by_text("No matching files")).to_be_visible()


def test_failures_are_retried_from_each_page_and_dismissed(page: Page, owner: User) -> None:
    batch = make_batch(owner, 4)
    fail_stored(batch)
    visit(page, f"/batches/{batch.id}/")
    press(page, "Retry 1 file")
    expect(page.locator("#problems")).to_be_hidden()
    failed = fail_stored(batch)
    visit(page, f"/batches/{batch.id}/files/{failed.id}/")
    with page.expect_navigation():
        press(page, "Retry")
    fail_stored(batch)
    visit(page, "/problems/")
    press(page, "Retry 1 file")
    expect(page.get_by_text("No problems")).to_be_visible()
    assert not BatchItem.objects.filter(status=ItemStatus.FAILED).exists()

    fail_stored(batch)
    visit(page, "/problems/")
    press(page, "Dismiss")

    expect(page.get_by_text("No problems")).to_be_visible()
    assert BatchItem.objects.filter(status=ItemStatus.FAILED).count() == 1


def test_picture_and_batch_are_deleted(page: Page, owner: User) -> None:
    batch = make_batch(owner, 2)
    describe(batch, 2)
    visit(page, f"/library/{Upload.objects.order_by('id')[0].id}/")

    press(page, "Delete")
    expect(page.get_by_text("1 picture moved to the trash.")).to_be_visible()
    visit(page, f"/batches/{batch.id}/")
    follow(page, "Delete import…")
    press(page, "Delete import")

    expect(page.get_by_text("No imports yet")).to_be_visible()


def test_password_is_changed_and_user_signs_out(page: Page, owner: User) -> None:
    owner.set_password("correct horse battery")
    owner.save()
    visit(page, "/sign-in/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("correct horse battery")
    press(page, "Sign in")

    page.locator(".account summary").click()
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("Current password").fill("correct horse battery")
    for label in ("New password", "Repeat new password"):
        page.get_by_label(label, exact=True).fill("staple of another kind")
    press(page, "Change password")
    expect(page.get_by_role("heading", name="Password changed")).to_be_visible()
    page.locator(".account summary").click()
    page.locator(".account").get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    visit(page, "/library/")
    expect(page).to_have_url(re.compile("/sign-in/"))
