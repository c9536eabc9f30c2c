"""German in a real browser: script texts, the language menu, and the layout of long words."""

from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.waiting import wait_with_page
from tests.support.batches import make_batch
from tests.support.images import encoded, textured

WIDTHS = [360, 1280]
PAGES = [
    "/",
    "/batches/",
    "/batches/new/",
    "/problems/",
    "/batches/{batch}/",
    "/batches/{batch}/delete/",
    "/password/",
]


def is_too_wide(page: Page) -> bool:
    """Return whether the page scrolls horizontally."""
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return bool(wide > seen)


def test_texts_of_the_upload_page_are_german(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    page = open_page("/batches/new/", locale="de-DE")
    held: list[Route] = []
    page.route("**/seal/", lambda route: held.append(route))
    sent = [tmp_path / name for name in ("notes.txt", "good.jpg")]
    for path, data in zip(sent, (b"milk, eggs", encoded(textured(200, 150), "JPEG")), strict=True):
        path.write_bytes(data)

    page.locator("#file-input").set_input_files(sent)

    refused = page.locator("#rejected")
    expect(refused.get_by_role("heading")).to_have_text("1 Datei übersprungen")
    expect(refused).to_contain_text("Dieser Dateityp wird nicht unterstützt.")
    expect(page.locator("#total-files")).to_have_text("von 2 Dateien")
    expect(page.locator("#batch-link")).to_have_text("Import öffnen")
    assert UploadBatch.objects.get(owner=owner).name.startswith("Import vom ")
    wait_with_page(page, lambda: held)[0].abort()


def test_language_chosen_in_the_footer_is_kept(open_page: OpenPage, owner: User) -> None:
    page = open_page("/batches/new/", java_script_enabled=False)

    page.get_by_role("button", name="Deutsch").click()

    expect(page).to_have_url("**/batches/new/".replace("**", page.url.split("/batches")[0]))
    expect(page.get_by_role("link", name="Hinzufügen")).to_be_visible()
    expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-current", "true")


def test_no_page_is_too_wide_in_german(open_page: OpenPage, site: str, owner: User) -> None:
    batch = make_batch(owner, 3)
    page = open_page("/favicon.ico", locale="de-DE")

    for path in PAGES:
        page.goto(site + path.format(batch=batch.id))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert not is_too_wide(page), (path, width)
