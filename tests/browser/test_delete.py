"""Deleting selected pictures, with and without JavaScript, and deleting an import in a real browser."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.site_data import describe
from tests.support.batches import make_batch


@pytest.fixture
def described(owner: User) -> UploadBatch:
    """A completed batch of pictures with previews."""
    batch = make_batch(owner, 7)
    describe(batch, 7)
    lifecycle.seal_batch(batch.id)
    return batch


@pytest.mark.parametrize("scripts", [True, False])
def test_selected_pictures_are_deleted_restored_by_undo_and_deleted_for_good(
    open_page: OpenPage, described: UploadBatch, *, scripts: bool
) -> None:
    page = open_page("/library/", java_script_enabled=scripts)
    button = page.get_by_role("button", name="Delete", exact=True)
    expect(button).to_be_hidden()
    boxes = page.get_by_role("checkbox", name="Select", exact=False)

    boxes.nth(0).check()
    boxes.nth(2).check()
    button.click()
    expect(page.get_by_text("2 pictures moved to the trash.")).to_be_visible()
    expect(boxes).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(boxes).to_have_count(7)

    boxes.nth(0).check()
    button.click()
    expect(page.get_by_text("1 picture moved to the trash.")).to_be_visible()
    page.get_by_role("link", name="Trash").click()
    boxes.nth(0).check()
    page.get_by_role("button", name="Delete permanently…").click()
    page.get_by_role("button", name="Delete picture").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()


def test_open_page_says_that_its_batch_was_deleted(open_page: OpenPage, described: UploadBatch) -> None:
    batch_page = open_page(f"/batches/{described.id}/")
    page = open_page(f"/batches/{described.id}/")
    expect(batch_page.locator("#connection")).to_be_hidden()

    page.get_by_role("link", name="Delete import…").click()
    page.get_by_role("button", name="Delete import").click()

    page.wait_for_url("**/batches/")
    expect(batch_page.get_by_text("This import was deleted.")).to_be_visible()
