"""Uploading files that are chosen, dropped or pasted in a real browser."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Request, Route, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, assert_all_arrived, choose_folder
from tests.browser.waiting import wait_with_page
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.imports import finish_all
from uploads.models import Upload


@pytest.fixture
def iceland(tmp_path: Path) -> Path:
    """A folder of 8 pictures, some of them in a nested folder, with a system file and an empty file."""
    folder = tmp_path / "Iceland"
    for number in range(8):
        place = folder / ("day 2/glacier" if number % 3 == 0 else "")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"IMG_{number:04}.JPG").write_bytes(encoded(textured(200, 150, number), "JPEG"))
    (folder / ".DS_Store").write_bytes(b"junk")
    (folder / "IMG_9999.JPG").touch()
    return folder


def test_chosen_folder_is_uploaded_and_followed_until_completion(
    open_page: OpenPage, owner: User, iceland: Path
) -> None:
    page = open_page("/batches/new/")
    console_errors: list[str] = []
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    held: list[Route] = []
    page.route("**/seal/", lambda route: held.append(route))

    choose_folder(page, iceland)
    expect(page.locator("#sent-files")).to_have_text("8")
    batch = UploadBatch.objects.get(owner=owner)
    finish_all(batch)
    expect(page.locator("#live #count")).to_have_text("8")
    expect(page).to_have_title("100% uploaded · Iceland · vuemantics")
    assert not console_errors
    wait_with_page(page, lambda: held)[0].continue_()
    page.wait_for_url(BATCH)

    expect(page.get_by_role("heading", level=1)).to_have_text("Iceland")
    expect(page.locator("#count")).to_have_text("8")
    batch.refresh_from_db()
    assert (batch.status, batch.successful, batch.expected_items) == ("completed", 8, 8)
    assert_all_arrived(batch, iceland)
    assert_counters_match(batch)
    ignored = batch.items.filter(status="ignored").values_list("relative_path", "error_code")
    assert dict(ignored) == {"Iceland/.DS_Store": "ignored.junk", "Iceland/IMG_9999.JPG": "ignored.empty"}


def test_dropped_folder_is_read_recursively(open_page: OpenPage, owner: User, iceland: Path) -> None:
    page = open_page("/batches/new/")
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(iceland)], "dragOperationsMask": 1}

    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
    page.wait_for_url(BATCH)

    batch = UploadBatch.objects.get(owner=owner)
    assert batch.name == "Iceland"
    assert_all_arrived(batch, iceland)


def test_upload_continues_after_failures_of_every_kind(open_page: OpenPage, owner: User, iceland: Path) -> None:
    page = open_page("/batches/new/")
    failures = ["cut", "503", "409", "423", "cut", "500"]

    def fail_now_and_then(route: Route, request: Request) -> None:
        if not failures or request.method not in {"POST", "PATCH"}:
            route.continue_()
        elif (failure := failures.pop(0)) == "cut":
            route.abort("connectionreset")
        else:
            route.fulfill(status=int(failure), body="server.error: Once more, please.")

    page.route("**/tus/**", fail_now_and_then)
    choose_folder(page, iceland)
    page.wait_for_url(BATCH)

    batch = UploadBatch.objects.get(owner=owner)
    assert not failures
    assert_all_arrived(batch, iceland)
    assert batch.total == 8


def test_refused_files_are_listed_with_reasons(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    page = open_page("/batches/new/")
    sent = [tmp_path / name for name in ("notes.txt", "empty.jpg", "good.jpg")]
    for path, data in zip(sent, (b"milk, eggs", b"", encoded(textured(200, 150), "JPEG")), strict=True):
        path.write_bytes(data)
    # The upload page opens the batch's page once the batch is sealed. Delay sealing to check the upload page first.
    held: list[Route] = []
    page.route("**/seal/", lambda route: held.append(route))

    page.get_by_label("Name").fill("Odds and ends")
    page.locator("#file-input").set_input_files(sent)

    refused = page.locator("#rejected")
    expect(refused.get_by_role("heading")).to_have_text("1 file skipped")
    expect(refused).to_contain_text("Text files are not supported")
    expect(page.get_by_role("status").filter(has_text="Upload finished, 1 file skipped.")).to_be_attached()
    wait_with_page(page, lambda: held)[0].continue_()
    page.wait_for_url(BATCH)
    batch = UploadBatch.objects.get(owner=owner)
    assert (batch.name, batch.total, batch.failed, batch.ignored) == ("Odds and ends", 2, 1, 1)
    assert Upload.objects.count() == 1


def test_batch_cancelled_elsewhere_stops_the_upload(open_page: OpenPage, owner: User, iceland: Path) -> None:
    page = open_page("/batches/new/")

    page.route("**/tus/", lambda route: route.fulfill(status=410, body="batch.cancelled: This batch was cancelled."))
    choose_folder(page, iceland)

    expect(page.locator("#sending-title")).to_have_text("Stopped")
    expect(page.locator("#upload-warning-text")).to_contain_text("This import was cancelled or deleted")
    batch = UploadBatch.objects.get(owner=owner)
    assert (batch.total, batch.missing) == (8, 8)


def test_pasted_files_are_uploaded(open_page: OpenPage, owner: User) -> None:
    page = open_page("/batches/new/")
    picture = list(encoded(textured(200, 150), "JPEG"))

    page.evaluate(
        """(bytes) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(bytes)], "image.jpg"));
            window.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        }""",
        picture,
    )

    page.wait_for_url(BATCH)
    assert UploadBatch.objects.get(owner=owner).items.get().relative_path == "image.jpg"


def test_folder_with_only_junk_shows_a_message(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    page = open_page("/batches/new/")
    for name in (".DS_Store", "Thumbs.db", "@eaDir/IMG_0001.JPG"):
        (tmp_path / "Roll" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "Roll" / name).write_bytes(b"junk")

    choose_folder(page, tmp_path / "Roll")

    expect(page.get_by_role("alert")).to_contain_text("Found only 3 hidden or system files")
    assert not UploadBatch.objects.exists()


def test_form_without_scripts_has_one_column_and_no_script_features(open_page: OpenPage) -> None:
    page = open_page("/batches/new/", java_script_enabled=False)

    name, files = page.locator("#name").bounding_box(), page.locator("#files").bounding_box()
    assert name is not None
    assert files is not None
    assert name["x"] == pytest.approx(files["x"], abs=1)
    expect(page.get_by_text("Pick up where you left off")).to_be_hidden()
    expect(page.get_by_text("No duplicates")).to_be_visible()
    expect(page.locator("#name")).to_have_attribute("placeholder", re.compile("^Today.s date$"))
