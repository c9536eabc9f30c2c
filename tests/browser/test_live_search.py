"""While a user searches the files of a running batch, the list is updated and the search form keeps its input."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches import services
from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe
from tests.support.batches import make_batch


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 12)


@pytest.fixture
def page(open_page: OpenPage, batch: UploadBatch) -> Page:
    return open_page(f"/batches/{batch.id}/")


def describe_and_wait(page: Page, batch: UploadBatch, done: int) -> None:
    """Complete `done` files and wait until the list shows them."""
    describe(batch, done)
    expect(page.locator(".files .state.good")).to_have_count(done)


def test_typed_text_and_focus_are_kept(page: Page, batch: UploadBatch) -> None:
    field = page.get_by_label("Name or folder contains")
    field.press_sequentially("IMG_00")

    describe_and_wait(page, batch, 5)

    expect(field).to_have_value("IMG_00")
    expect(field).to_be_focused()
    page.keyboard.type("03")
    page.keyboard.press("Enter")
    expect(page.locator(".files li")).to_have_count(1)
    assert page.url.endswith("?name=IMG_0003&kind=#file-list")
    expect(field).to_be_focused()


def test_selected_kind_is_kept(page: Page, batch: UploadBatch) -> None:
    page.locator("#file-kind").select_option("image")

    describe_and_wait(page, batch, 5)

    expect(page.locator("#file-kind")).to_have_value("image")


def test_filtered_list_is_updated_with_its_filter(page: Page, batch: UploadBatch) -> None:
    page.get_by_role("link", name="Described").click()
    expect(page.get_by_text("No files described yet")).to_be_visible()
    page.get_by_label("Name or folder contains").fill("IMG_000")
    page.locator("#find-files").press("Enter")
    expect(page.get_by_text("No matching files")).to_be_visible()
    expect(page.locator("#find-files")).to_be_focused()

    describe(batch, 12)

    expect(page.locator(".files li")).to_have_count(10)
    expect(page.get_by_role("link", name="Described")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("link", name="Failed")).to_have_attribute("href", "?show=failed&name=IMG_000")


def test_tab_of_cancelled_files_appears_with_the_first_one(page: Page, batch: UploadBatch, owner: User) -> None:
    tab = page.locator("#show-cancelled")
    expect(tab).to_be_hidden()

    services.cancel_batch(services.owner_scope(owner), batch.id)

    expect(tab).to_be_visible()
    tab.click()
    expect(page.locator(".files li")).to_have_count(12)


def test_result_of_a_search_scrolls_into_view(page: Page, batch: UploadBatch) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    field = page.get_by_label("Name or folder contains")
    field.fill("iceland/img_0007")
    # Scroll the field to the lower edge, so that the results are not visible, as on a phone with an on-screen keyboard.
    field.evaluate("field => field.scrollIntoView({block: 'end'})")

    field.press("Enter")

    expect(page.locator(".files li")).to_have_count(1)
    expect(page.get_by_text("IMG_0007.JPG")).to_be_in_viewport()
