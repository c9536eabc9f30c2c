"""In a real browser, an open page immediately shows the effect of the owner's commands."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from batches import services
from batches.engine import claim, finish_item, lifecycle
from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.support.batches import make_batch
from uploads.models import Upload


@pytest.fixture
def described(owner: User) -> UploadBatch:
    batch = make_batch(owner, 3)
    while claimed := claim.claim_item(batch.id, 4711):
        assert finish_item.complete_item(claimed)
    lifecycle.seal_batch(batch.id)
    Upload.objects.update(description="A glacier.", processed_at=batch.created_at)
    return batch


def test_reanalysis_opens_its_page_and_is_shown_on_its_source(open_page: OpenPage, described: UploadBatch) -> None:
    batch_page = open_page(f"/batches/{described.id}/")
    page = open_page(f"/batches/{described.id}/")
    expect(batch_page.get_by_role("button", name="Describe again")).to_be_visible()

    page.get_by_role("button", name="Describe again").click()

    again = f"/batches/{described.id + 1}/"
    page.wait_for_url(f"**{again}")
    expect(page.get_by_text("New descriptions for Iceland.")).to_be_visible()
    expect(batch_page.get_by_role("link", name="Being described again")).to_have_attribute("href", again)
    expect(batch_page.get_by_role("button", name="Describe again")).to_be_hidden()
    page.get_by_role("link", name="Iceland", exact=True).click()
    page.wait_for_url(f"**/batches/{described.id}/")


def test_commands_from_elsewhere_are_shown_on_an_open_page(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 3)
    page = open_page(f"/batches/{batch.id}/")
    heading = page.locator("main header.heading")
    expect(heading.get_by_role("button", name="Pause")).to_be_visible()

    services.pause_batch(services.owner_scope(owner), batch.id)
    expect(heading.get_by_text("Paused")).to_be_visible()
    services.resume_batch(services.owner_scope(owner), batch.id)
    expect(heading.get_by_role("button", name="Pause")).to_be_visible()
    services.finish_without_missing(services.owner_scope(owner), batch.id)
    expect(heading.get_by_role("link", name="Finish without the missing files")).to_be_hidden()
    services.cancel_batch(services.owner_scope(owner), batch.id)
    expect(heading.get_by_text("Cancelled")).to_be_visible()
