"""Support for keyboards and screen readers: focus, Escape and announcements."""

from datetime import timedelta
from io import BytesIO

from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from batches import services
from batches.engine import claim
from batches.models import BatchItem
from batches.models.states import Stage
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe
from tests.support.batches import make_batch, make_upload
from tests.support.failures import LOST_WORKER
from tests.support.images import encoded, textured
from uploads.models import SavedSearch
from uploads.storage import save_previews


def test_first_tab_stop_skips_to_the_content(open_page: OpenPage) -> None:
    page = open_page("/library/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_skip_link_of_the_library_leads_to_the_pictures(open_page: OpenPage, owner: User) -> None:
    make_pictures(owner, 1)
    page = open_page("/library/")

    for key in ("Tab", "Enter", "Tab", "Tab"):  # the skip link, its target, the day's button, the picture
        page.keyboard.press(key)

    expect(page.locator(".tile a")).to_be_focused()


def test_menu_closes_on_escape_and_on_a_click_elsewhere(open_page: OpenPage, owner: User) -> None:
    page = open_page("/library/")
    summary = page.locator(".account summary")
    entry = page.get_by_role("link", name="Change password")

    summary.press("Enter")
    expect(entry).to_be_visible()
    entry.press("Escape")
    expect(entry).to_be_hidden()
    expect(summary).to_be_focused()

    summary.press("Enter")
    page.locator("h1").click()
    expect(entry).to_be_hidden()


def test_menu_of_a_filter_closes_on_escape(open_page: OpenPage, owner: User) -> None:
    SavedSearch.objects.create(owner=owner, query="cat type:photo")
    page = open_page("/search/")
    summary = page.locator(".filters summary").last
    entry = page.get_by_role("link", name="cat type:photo")

    summary.press("Enter")
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")

    expect(entry).to_be_hidden()
    expect(summary).to_be_focused()


def test_dialog_focuses_the_safe_button_and_restores_the_focus(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = open_page(f"/batches/{batch.id}/")
    button = page.locator("#cancel-button")

    button.press("Enter")
    expect(page.get_by_role("button", name="Keep running")).to_be_focused()
    # A live update replaces the page's buttons while the dialog is open.
    services.finish_without_missing(services.owner_scope(owner), batch.id)
    expect(page.locator("#finish-button")).to_be_hidden()
    page.keyboard.press("Escape")

    expect(page.locator("#cancel-dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_replaced_buttons_keep_the_focus(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    page = open_page(f"/batches/{batch.id}/")
    page.locator("#pause-button").focus()

    services.finish_without_missing(services.owner_scope(owner), batch.id)

    expect(page.locator("#finish-button")).to_be_hidden()
    expect(page.locator("#pause-button")).to_be_focused()


def test_page_of_a_file_in_progress_refreshes_and_keeps_the_focus(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 2)
    claimed = claim.claim_item(batch.id, LOST_WORKER)
    assert claimed is not None
    page = open_page(f"/batches/{batch.id}/files/{claimed.item_id}/")
    page.locator("#item-batch").focus()

    BatchItem.objects.filter(id=claimed.item_id).update(stage=Stage.DESCRIBING)

    expect(page.locator("#item .state")).to_contain_text("Describing")
    expect(page.locator("#item-batch")).to_be_focused()


def test_screen_readers_hear_every_ten_percent(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 60)
    page = open_page(f"/batches/{batch.id}/")
    page.evaluate("""window.announced = []; new MutationObserver(() => {
        const text = document.getElementById("announcement").textContent.trim();
        if (text !== window.announced.at(-1)) window.announced.push(text);
    }).observe(document.querySelector("[role=status]:has(#announcement)"), {childList: true, subtree: true})""")

    for done in (1, 6, 7, 8, 13, 29, 30):
        describe(batch, done)
        expect(page.locator("#count")).to_have_text(str(done))
    expect(page.locator("#announcement")).to_have_text("50% done.")

    announced = [text for text in page.evaluate("window.announced") if text != "0% done."]
    assert announced == ["10% done.", "20% done.", "40% done.", "50% done."]


def test_focused_picture_has_a_visible_ring(open_page: OpenPage, owner: User) -> None:
    make_pictures(owner, 1)
    page = open_page("/library/")
    tile = page.locator(".tile")
    page.wait_for_function("() => document.querySelector('.tile img').naturalWidth")
    before = edge_of(tile.screenshot())

    page.get_by_role("link", name="Trash").press("Tab")
    while not page.evaluate("document.activeElement.matches('.tile a')"):
        page.keyboard.press("Tab")

    assert edge_of(tile.screenshot()) != before


def edge_of(screenshot: bytes) -> object:
    """Return the colour in the middle of the screenshot's left edge."""
    with Image.open(BytesIO(screenshot)) as image:
        return image.getpixel((1, image.height // 2))


def test_selection_bar_follows_the_pictures(open_page: OpenPage, owner: User) -> None:
    make_pictures(owner, 3)
    page = open_page("/library/")
    page.locator(".tile a").first.focus()
    page.keyboard.press("Space")

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear selection")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")

    expect(page.locator(".select-day").first).to_be_focused()


def make_pictures(owner: User, days: int) -> None:
    now = timezone.now()
    for number in range(days):
        upload = make_upload(owner, number)
        upload.previews = save_previews(upload.key, {320: encoded(textured(320, 240), "JPEG")})
        upload.taken_at, upload.processed_at = now - timedelta(days=number), now
        upload.save()
