"""The "Safe to delete?" page lists exactly the files that are not stored, and can add them."""

import csv
import io
from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, choose_folder, make_folder, processed_upload


def list_of(page: Page) -> dict[str, str]:
    """Download the list and return the state of each file."""
    with page.expect_download() as download:
        page.get_by_text("Download list (CSV)").click()
    rows = csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig")))
    return {row["File"]: row["State"] for row in rows}


def test_missing_files_are_named_and_added(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", 12)
    processed_upload(owner, roll)
    make_folder(tmp_path / "Roll/new", 3, size=3000)
    (roll / "Thumbs.db").write_bytes(b"junk")
    page = open_page("/safe-to-delete/")
    sent = SentRequests(page)

    choose_folder(page, roll)

    expect(page.locator("#verdict-title")).to_have_text("12 of 15 files are stored")
    missing = {f"Roll/new/IMG_{number:04}.JPG" for number in range(3)}
    groups = page.locator("#verdict-groups li.cause")
    expect(groups).to_have_count(2)
    assert set(groups.first.locator(".path").all_inner_texts()) == missing
    states = list_of(page)
    assert len(states) == 16
    assert {path for path, state in states.items() if state == "not stored"} == missing
    assert states["Roll/Thumbs.db"] == "ignored"
    assert sent.creations == 0

    page.get_by_text("Add 3 files").click()

    page.wait_for_url(BATCH)
    assert UploadBatch.objects.filter(owner=owner).latest("id").total == 3


def test_stored_folder_is_safe_to_delete(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    roll = make_folder(tmp_path / "Roll", 4)
    processed_upload(owner, roll)
    make_folder(roll / "@eaDir", 1)
    page = open_page("/safe-to-delete/")

    choose_folder(page, roll)

    expect(page.locator("#verdict-title")).to_have_text("All 4 files are stored")
    expect(page.locator("#verdict-advice")).to_contain_text("1 hidden or system file was not compared")
    expect(page.locator("#add-missing")).to_be_hidden()


def test_folder_of_empty_files_is_not_called_safe(open_page: OpenPage, tmp_path: Path) -> None:
    roll = tmp_path / "Roll"
    roll.mkdir()
    (roll / "empty.jpg").touch()
    page = open_page("/safe-to-delete/")

    choose_folder(page, roll)

    expect(page.locator("#verdict-title")).to_have_text("No files were compared")
    expect(page.locator("#verdict.safe")).to_have_count(0)
