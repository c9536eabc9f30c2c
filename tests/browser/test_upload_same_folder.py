"""Choosing the same folder again sends only the missing files."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from batches.models import UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import (
    BATCH,
    SentRequests,
    assert_all_arrived,
    choose_folder,
    has_body,
    interrupted_upload,
    make_folder,
    processed_upload,
)
from tests.browser.waiting import wait_with_page
from tests.support.batches import assert_counters_match
from uploads.models import Upload

FILES, RECEIVED = 12, 4


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "Roll", FILES)


def upload_some_and_close(page: Page, roll: Path, bodies: int = RECEIVED) -> int:
    """Upload only `bodies` files of the folder, then close the tab. Return `bodies`."""
    left = bodies

    def abort_after_limit(route: Route) -> None:
        nonlocal left
        left -= has_body(route.request)
        # Abort further requests instead of delaying them, because a closing page would still send pending requests.
        route.continue_() if left >= 0 else route.abort()

    page.route("**/tus/**", abort_after_limit)
    choose_folder(page, roll)
    batch = wait_with_page(page, lambda: UploadBatch.objects.first())
    assert batch is not None
    wait_with_page(page, lambda: count_received(batch) == bodies)
    # Go offline first, because closing the page removes the route and would let further requests through.
    context = page.context
    context.set_offline(True)
    page.close()
    context.set_offline(False)
    return bodies


def count_received(batch: UploadBatch) -> int:
    return batch.items.exclude(status__in=[ItemStatus.MISSING, ItemStatus.RECEIVING]).count()


def test_folder_chosen_again_after_closing_the_tab_sends_only_missing_files(
    open_page: OpenPage, owner: User, roll: Path
) -> None:
    received = upload_some_and_close(open_page("/batches/new/"), roll)
    batch = UploadBatch.objects.get(owner=owner)
    announced = {f"Roll/{path.name}" for path in roll.iterdir()}
    assert set(batch.items.values_list("relative_path", flat=True)) == announced
    page = open_page("/batches/new/")
    sent = SentRequests(page)

    choose_folder(page, roll)
    offer = page.locator("#resume-offer")
    expect(offer).to_contain_text("Resume “Roll”?")
    expect(offer).to_contain_text(f"{received} of {FILES} files are already uploaded.")
    offer.get_by_role("button", name="Resume").click()

    page.wait_for_url(BATCH)
    assert sent.bodies == FILES - received
    batch.refresh_from_db()
    assert batch.sealed_at is not None
    assert_all_arrived(batch, roll)
    assert_counters_match(batch)


def test_batch_page_links_to_adding_missing_files(open_page: OpenPage, owner: User, roll: Path) -> None:
    batch = interrupted_upload(owner, roll, RECEIVED)
    page = open_page(f"/batches/{batch.id}/")

    page.get_by_role("link", name="Add missing files").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add to “Roll”")
    page.wait_for_load_state()
    sent = SentRequests(page)
    choose_folder(page, roll)

    page.wait_for_url(re.compile(rf"/batches/{batch.id}/$"))
    assert sent.bodies == FILES - RECEIVED
    assert_all_arrived(batch, roll)
    expect(page.get_by_role("link", name="Add missing files")).to_be_hidden()


def test_new_batch_can_be_started_instead(open_page: OpenPage, owner: User, roll: Path) -> None:
    interrupted_upload(owner, roll, RECEIVED)
    page = open_page("/batches/new/")

    choose_folder(page, roll)
    page.get_by_role("button", name="Start a new import").click()

    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.filter(owner=owner).latest("id"), roll)


def test_other_folder_chosen_during_the_offer_replaces_it(
    open_page: OpenPage, owner: User, roll: Path, tmp_path: Path
) -> None:
    interrupted_upload(owner, roll, RECEIVED)
    page = open_page("/batches/new/")
    choose_folder(page, roll)
    expect(page.locator("#resume-offer")).to_be_visible()
    other = make_folder(tmp_path / "Other", 3)

    choose_folder(page, other)

    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.get(owner=owner, name="Other"), other)


def test_other_folder_gets_no_offer(open_page: OpenPage, owner: User, roll: Path, tmp_path: Path) -> None:
    interrupted_upload(owner, roll, RECEIVED)
    page = open_page("/batches/new/")

    choose_folder(page, make_folder(tmp_path / "Other", 3))

    page.wait_for_url(BATCH)
    assert UploadBatch.objects.filter(owner=owner).latest("id").name == "Other"


def test_processed_folder_chosen_again_sends_and_processes_nothing(
    open_page: OpenPage, owner: User, roll: Path
) -> None:
    processed_upload(owner, roll)
    page = open_page("/batches/new/")
    sent = SentRequests(page)

    choose_folder(page, roll)
    page.wait_for_url(BATCH)

    assert (sent.creations, sent.bodies) == (0, 0)
    again = UploadBatch.objects.filter(owner=owner).latest("id")
    assert (again.status, again.successful, again.total) == ("completed", FILES, FILES)
    assert again.items.filter(result="duplicate").count() == FILES
    assert Upload.objects.count() == FILES
    assert_counters_match(again)
