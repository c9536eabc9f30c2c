"""More files can be added on the same page after an upload, but not during it."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from batches.models import BatchItem, UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import choose_folder, make_folder
from tests.browser.waiting import wait_with_page
from tests.support.waiting import wait_until

DROP_FILES = """(files) => {
    const dataTransfer = new DataTransfer();
    for (let number = 0; number < files; number++) {
        dataTransfer.items.add(new File([new Uint8Array(100 + number)], `late${number}.jpg`));
    }
    window.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
}"""

# Behave as if the folder's first file was deleted after the drop.
BREAK_FIRST_FILE = """() => {
    const getEntry = DataTransferItem.prototype.webkitGetAsEntry;
    DataTransferItem.prototype.webkitGetAsEntry = function () {
        const folder = getEntry.call(this);
        if (!folder?.isDirectory) return folder;
        const createReader = folder.createReader.bind(folder);
        folder.createReader = () => {
            const reader = createReader();
            const readEntries = reader.readEntries.bind(reader);
            reader.readEntries = (resolve, reject) => readEntries((entries) => {
                const first = entries.find(({ name }) => name === "IMG_0000.JPG");
                if (first) first.file = (_, fail) => fail(new DOMException("The file is gone.", "NotFoundError"));
                resolve(entries);
            }, reject);
            return reader;
        };
        return folder;
    };
}"""


@pytest.fixture
def page(open_page: OpenPage, owner: User) -> Page:
    return open_page("/batches/new/")


def drop_folder_with_unreadable_file(page: Page, roll: Path) -> None:
    """Use DevTools to drop a folder whose first file cannot be read. The page lists this file as refused."""
    page.evaluate(BREAK_FIRST_FILE)
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(roll)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
    expect(page.locator("#sending-title")).to_have_text("Uploaded")
    expect(page.locator("#rejected-list")).to_contain_text("This file could not be read")


def test_files_dropped_during_an_upload_are_refused_with_a_message(page: Page, tmp_path: Path) -> None:
    held: list[Route] = []
    page.route("**/seal/", lambda route: held.append(route))
    choose_folder(page, make_folder(tmp_path / "Roll", 3))
    wait_with_page(page, lambda: held)

    page.evaluate(DROP_FILES, 3)

    alert = page.get_by_role("alert").filter(has_text="An upload is already running")
    expect(alert).to_be_visible()
    with page.expect_response("**/seal/"):
        held[0].continue_()
    # The message stays visible because the page does not open the batch.
    expect(page.locator("#batch-link")).to_have_text("Open import")
    expect(alert).to_be_visible()
    assert not BatchItem.objects.filter(filename__startswith="late").exists()


def test_files_dropped_again_after_the_upload_are_sent(page: Page, tmp_path: Path) -> None:
    held: list[Route] = []
    # Do not respond to the second request, because the page would otherwise open the batch.
    page.route("**/seal/", lambda route: held.append(route))
    choose_folder(page, make_folder(tmp_path / "Roll", 3))
    wait_with_page(page, lambda: held)
    page.evaluate(DROP_FILES, 3)
    with page.expect_response("**/seal/"):
        held[0].continue_()

    wait_until(lambda: page.evaluate(DROP_FILES, 3) or page.locator("#busy-notice").is_hidden())

    wait_with_page(page, lambda: BatchItem.objects.filter(filename__startswith="late").count() == 3)


def test_file_that_cannot_be_read_is_listed_as_left_out(page: Page, tmp_path: Path) -> None:
    drop_folder_with_unreadable_file(page, make_folder(tmp_path / "Roll", 3))

    lines = BatchItem.objects.order_by("filename").values_list("relative_path", "error_code")
    unreadable = ("Roll/IMG_0000.JPG", "ignored.unreadable")
    assert list(lines) == [unreadable, ("Roll/IMG_0001.JPG", ""), ("Roll/IMG_0002.JPG", "")]
    assert UploadBatch.objects.get().expected_items == 2


def test_second_upload_on_the_page_resets_the_panel(page: Page, tmp_path: Path) -> None:
    page.locator("#name").fill("First")
    drop_folder_with_unreadable_file(page, make_folder(tmp_path / "Roll", 3))
    held: list[Route] = []
    page.route("**/tus/**", lambda route: held.append(route))

    # Repeat the drop until the page accepts it, which happens only after the first upload has ended.
    wait_until(lambda: page.evaluate(DROP_FILES, 10) or page.locator("#busy-notice").is_hidden())
    wait_with_page(page, lambda: held)

    expect(page.locator("#sending-title")).to_have_text("Uploading")
    expect(page.locator("#leave-hint")).to_contain_text("Keep this page open")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#active-uploads")).to_be_visible()
    expect(page.locator("#rejected")).to_be_hidden()
    assert page.locator("#rejected-list li").count() == 0
    assert page.locator("#batch-link").get_attribute("target") == "_blank"
    assert UploadBatch.objects.latest("id").name != "First"
