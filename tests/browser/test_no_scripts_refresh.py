"""Without JavaScript, an upload over the size limit gets an error page."""

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
    """The batch's page, opened without JavaScript."""
    return open_page(f"/batches/{batch.id}/", java_script_enabled=False)


def test_upload_over_the_limit_gets_an_error_page(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(os.urandom(17 * 2**20))
    page.locator("header").get_by_role("link", name="Add files").click()
    page.locator("#files").set_input_files(large)

    page.locator("main").get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", name="Upload too large")).to_be_visible()
