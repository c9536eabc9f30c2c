"""Without JavaScript, the automatic refresh can be paused, and an oversized form submission gets an error page."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.support.batches import make_batch


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 4)


@pytest.fixture
def page(open_page: OpenPage, batch: UploadBatch) -> Page:
    """The batch's page before its first refresh."""
    return open_page(f"/batches/{batch.id}/", java_script_enabled=False)


def refreshes(page: Page) -> bool:
    """Return whether the page refreshes itself."""
    return 'http-equiv="refresh"' in page.content()


def test_refresh_stays_paused_during_a_search(page: Page) -> None:
    assert refreshes(page)

    page.get_by_role("link", name="Pause refresh").click()
    expect(page.get_by_role("link", name="Resume refresh")).to_be_visible()
    refreshes_while_paused = refreshes(page)
    page.get_by_label("Name or folder contains").fill("IMG_0002")
    page.locator("#find-files").click()
    expect(page.locator(".files li")).to_have_count(1)
    refreshes_after_search = refreshes(page)
    page.get_by_role("link", name="Resume refresh").click()
    expect(page.locator(".files li")).to_have_count(4)

    assert (refreshes_while_paused, refreshes_after_search, refreshes(page)) == (False, False, True)


def test_cancel_confirmation_does_not_refresh(page: Page, batch: UploadBatch) -> None:
    page.get_by_role("link", name="Cancel…").click()
    expect(page.get_by_role("heading", name="Cancel “Iceland”?")).to_be_visible()

    assert not refreshes(page)

    page.get_by_role("link", name="Keep running").click()
    expect(page.locator("#summary")).to_be_visible()
    assert not UploadBatch.objects.get(id=batch.id).cancelled


def test_upload_over_the_limit_gets_an_error_page(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(os.urandom(17 * 2**20))
    page.locator("header").get_by_role("link", name="Add files").click()
    page.locator("#files").set_input_files(large)

    page.locator("main").get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", name="Upload too large")).to_be_visible()
