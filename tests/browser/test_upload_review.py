"""Before files are sent, the page reports problems with the selection and lets the user decide."""

from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Route, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, choose_folder
from tests.support.archives import zipped
from tests.support.images import encoded, textured

JPEG = encoded(textured(64, 48), "JPEG")
NAMES = {
    "takeout-20240101T000000Z-1-001.zip": zipped({"Takeout/a.jpg": JPEG}),
    "takeout-20240101T000000Z-1-003.zip": zipped({"Takeout/b.jpg": JPEG + b"b"}),
    "IMG_1.jpg": JPEG + b"1",
    "IMG_1.jpg.supplemental-metadata.json": b"{}",
    "IMG_2.xmp": b"<x/>",
    **{f"{number}.pdf": b"%PDF-1.4" for number in range(5)},
}


def test_odd_selection_is_sent_only_after_confirmation(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    for name, data in NAMES.items():
        (tmp_path / "Export").mkdir(exist_ok=True)
        (tmp_path / "Export" / name).write_bytes(data)
    page = open_page("/batches/new/")

    choose_folder(page, tmp_path / "Export")
    findings = page.locator("#review-findings li")
    expect(findings).to_have_count(3)
    expect(findings.nth(0)).to_contain_text("1 part of this export is missing: takeout-20240101T000000Z-1-002.zip")
    expect(findings.nth(1)).to_contain_text("1 sidecar has no matching photo: Export/IMG_2.xmp")
    expect(findings.nth(2)).to_contain_text("5 files cannot be imported: 5 PDF")
    expect(page.locator("#review-facts")).to_contain_text("Space needed: about")
    expect(page.locator("#review-title")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#drop-zone")).to_be_visible()
    assert not UploadBatch.objects.exists()
    choose_folder(page, tmp_path / "Export")
    page.get_by_role("button", name="Upload anyway").click()
    page.wait_for_url(BATCH)
    assert UploadBatch.objects.get(owner=owner).items.count() == len(NAMES)


def test_few_unsupported_files_are_mentioned_without_a_question(
    open_page: OpenPage, owner: User, tmp_path: Path
) -> None:
    (tmp_path / "Roll").mkdir()
    for name, data in {"a.jpg": JPEG, "a.pdf": b"%PDF-1.4", "b.txt": b"text"}.items():
        (tmp_path / "Roll" / name).write_bytes(data)
    page = open_page("/batches/new/")
    held: list[Route] = []
    page.route("**/seal/", lambda route: held.append(route))

    with page.expect_request("**/seal/"):
        choose_folder(page, tmp_path / "Roll")

    notes = page.locator("#selection-notes")
    expect(notes).to_contain_text("2 files cannot be imported: 1 PDF, 1 TXT.")
    expect(notes).to_contain_text("Space needed: about")
    held[0].continue_()
    page.wait_for_url(BATCH)


def test_incomplete_archive_is_reported_before_it_is_sent(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    archive.write_bytes(zipped({"a.jpg": JPEG})[:-30])
    (tmp_path / "IMG_9.jpg.json").write_bytes(b"{}")
    page = open_page("/batches/new/")

    page.locator("#file-input").set_input_files([archive, tmp_path / "IMG_9.jpg.json"])

    # The sidecar is not reported, because IMG_9.jpg may be in the archive.
    expect(page.locator("#review-findings li")).to_have_count(1)
    expect(page.locator("#review-findings")).to_contain_text("1 archive is incomplete or damaged: export.zip")
