"""The same folder a second time: only what is missing is sent, and what the library has is not sent at all."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from batches.models import UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, Sent, assert_all_arrived, choose_folder, make_folder
from tests.browser.waiting import wait_with_page
from tests.support.batches import assert_counters_match
from uploads.models import Upload

FILES = 40


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "Roll", FILES)


def send_some_and_close(page: Page, roll: Path, bodies: int = 12) -> int:
    """Let the bytes of so many files through, then close the tab; returns how many files have arrived."""
    left = bodies

    def hold_back(route: Route) -> None:
        nonlocal left
        carries = route.request.headers.get("content-type") == "application/offset+octet-stream"
        left -= carries
        # Refused, not kept waiting: what a closing page still has on its way would arrive.
        route.continue_() if left >= 0 else route.abort()

    page.route("**/tus/**", hold_back)
    choose_folder(page, roll)
    batch = wait_with_page(page, lambda: UploadBatch.objects.first())
    assert batch is not None
    wait_with_page(page, lambda: here(batch) == bodies)
    # Closing ends the holding back first, and what is held would be let through.
    page.context.set_offline(True)
    page.close()
    return bodies


def here(batch: UploadBatch) -> int:
    return batch.items.exclude(status=ItemStatus.RECEIVING).count()


def test_folder_chosen_again_after_a_closed_tab_sends_only_what_is_missing(
    open_page: OpenPage, owner: User, roll: Path
) -> None:
    arrived = send_some_and_close(open_page("/batches/new/"), roll)
    page = open_page("/batches/new/")
    sent = Sent(page)

    choose_folder(page, roll)
    offer = page.locator("#resume-offer")
    expect(offer).to_contain_text("Resume “Roll”?")
    expect(offer).to_contain_text(f"{arrived} of {FILES} files are already uploaded.")
    offer.get_by_role("button", name="Resume").click()

    page.wait_for_url(BATCH)
    assert sent.bodies == FILES - arrived
    batch = UploadBatch.objects.get(owner=owner)
    assert batch.sealed_at is not None
    assert_all_arrived(batch, roll)
    assert_counters_match(batch)


def test_batch_page_leads_to_adding_what_is_missing(open_page: OpenPage, owner: User, roll: Path) -> None:
    arrived = send_some_and_close(open_page("/batches/new/"), roll)
    batch = UploadBatch.objects.get(owner=owner)
    page = open_page(f"/batches/{batch.id}/")

    page.get_by_role("link", name="Add missing files").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add to “Roll”")
    page.wait_for_load_state()
    sent = Sent(page)
    choose_folder(page, roll)

    page.wait_for_url(re.compile(rf"/batches/{batch.id}/$"))
    assert sent.bodies == FILES - arrived
    assert_all_arrived(batch, roll)
    expect(page.get_by_role("link", name="Add missing files")).to_be_hidden()


def test_new_batch_may_be_begun_instead(open_page: OpenPage, owner: User, roll: Path) -> None:
    send_some_and_close(open_page("/batches/new/"), roll)
    page = open_page("/batches/new/")

    choose_folder(page, roll)
    page.get_by_role("button", name="Start a new import").click()

    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.filter(owner=owner).latest("id"), roll)


def test_other_folder_chosen_while_the_question_is_open_replaces_it(
    open_page: OpenPage, owner: User, roll: Path, tmp_path: Path
) -> None:
    send_some_and_close(open_page("/batches/new/"), roll)
    page = open_page("/batches/new/")
    choose_folder(page, roll)
    expect(page.locator("#resume-offer")).to_be_visible()
    other = make_folder(tmp_path / "Other", 3)

    choose_folder(page, other)

    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.get(owner=owner, name="Other"), other)


def test_other_folder_gets_no_offer(open_page: OpenPage, owner: User, roll: Path, tmp_path: Path) -> None:
    send_some_and_close(open_page("/batches/new/"), roll)
    page = open_page("/batches/new/")

    choose_folder(page, make_folder(tmp_path / "Other", 3))

    page.wait_for_url(BATCH)
    assert UploadBatch.objects.filter(owner=owner).latest("id").name == "Other"


def test_same_folder_twice_sends_nothing_and_describes_nothing_again(
    open_page: OpenPage, owner: User, roll: Path
) -> None:
    page = open_page("/batches/new/")
    choose_folder(page, roll)
    page.wait_for_url(BATCH)
    Upload.objects.update(processed_at=timezone.now())
    page = open_page("/batches/new/")
    sent = Sent(page)

    choose_folder(page, roll)
    page.wait_for_url(BATCH)

    assert (sent.creations, sent.bodies) == (0, 0)
    again = UploadBatch.objects.filter(owner=owner).latest("id")
    assert (again.status, again.successful, again.total) == ("completed", FILES, FILES)
    assert again.items.filter(duplicate=True).count() == FILES
    assert Upload.objects.count() == FILES
    assert_counters_match(again)
